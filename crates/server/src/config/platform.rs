//! The platform: where it is, how it is told who is there, and what its routes are.

use std::{collections::BTreeMap, path::PathBuf};

use rustls::pki_types::CertificateDer;
use secrecy::SecretString;
use serde::Deserialize;
use understudy_protocol::{Kind, Permission};
use understudy_rules::{
    consent::Scope,
    passage::{Class, Pattern, Route},
};
use url::Url;

use super::{ConfigError, check_origin, not_allowed};
use crate::{impersonations::name_of, tls};

/// One's own, or all of the demo's: nothing in here is inherited from it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Platform {
    /// How the platform is told who the person is; `jwt` for now.
    pub identity: Identity,
    /// The header that carries the identity token.
    #[serde(default = "identity_header")]
    pub identity_header: String,
    /// `iss` of the identity token; the API's origin where it is missing.
    pub issuer: Option<String>,
    /// The platform's origins: the pages first, then an API host, a socket host.
    pub origin: Vec<Origin>,
    /// The kinds of people that may be impersonated.
    pub kind: Vec<Kind>,
    /// IDs of people whom nobody may impersonate.
    #[serde(default)]
    pub protected: Vec<String>,
    /// What actions are called and what is special about them; the first that matches counts.
    #[serde(default)]
    pub route: Vec<RouteConfig>,
    /// Cookies of the platform that its scripts must read; all others stay on the gateway.
    #[serde(default = "script_cookies")]
    pub script_cookies: Vec<String>,
    /// What its pages may use of staff's computers; all else is refused to them.
    #[serde(default)]
    pub permissions: Vec<Permission>,
    /// Names of form fields that reports leave out; the record has them all the same.
    #[serde(default)]
    pub unlisted_fields: Vec<String>,
    /// Certificates (PEM) that vouch for the platform and its directory, beside those that the machine trusts.
    pub ca_file: Option<PathBuf>,
    pub directory: DirectoryConfig,
    /// How the platform vouches for its people; without it nobody can be asked for consent.
    pub person: Option<PersonConfig>,
}

/// What counts as an answer of the person.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "proof", rename_all = "snake_case", deny_unknown_fields)]
pub enum PersonConfig {
    /// Whoever is signed in on the platform: it signs an assertion and shows the person's page.
    Platform {
        /// The page of the platform that embeds the person's page.
        page: Url,
        /// Where the platform publishes the Ed25519 keys of its assertions (RFC 7517, RFC 8037).
        jwks: Url,
    },
    /// Whoever can read the mail. Only where nobody can read it on the platform.
    Mailbox,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Identity {
    Jwt,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// Where the platform is.
    pub platform: Url,
    /// Where the stage reaches it: another host than the API's.
    pub gateway: Url,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RouteConfig {
    /// Any where it is missing.
    pub method: Option<String>,
    /// E.g. `/documents/{id}` or `/static/{*rest}`.
    pub path: String,
    /// What it is called in the record.
    pub name: Option<String>,
    /// What reports call it for those who read another language, by its tag (BCP 47).
    #[serde(default)]
    pub names: BTreeMap<String, String>,
    #[serde(default)]
    pub class: Class,
    /// The consent without which nothing is changed there.
    pub needs: Option<Scope>,
}

/// The platform's SCIM 2.0 service (RFC 7644).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DirectoryConfig {
    pub url: Url,
    pub token: SecretString,
}

/// What the record calls what no route names: a view and a change, each also in French.
pub const UNNAMED: [(&str, &str); 2] =
    [("Viewed a page", "Consultation d’une page"), ("Made a change", "Modification")];

impl Platform {
    /// Meridian, for trying it out.
    pub(super) fn demo() -> Self {
        #[derive(Deserialize)]
        struct Demo {
            platform: Platform,
        }
        match toml::from_str::<Demo>(include_str!("../../demo.toml")) {
            Ok(demo) => demo.platform,
            Err(error) => unreachable!("demo.toml cannot be read: {error}"),
        }
    }

    /// What no type can say; `api` is the origin of the server itself.
    pub(super) fn check(&self, api: &Url) -> Result<(), ConfigError> {
        if self.origin.is_empty() {
            return not_allowed(
                "platform.origin",
                "[]",
                "at least one [[platform.origin]] with `platform` and `gateway`",
            );
        }
        for (place, origin) in self.origin.iter().enumerate() {
            check_origin(&format!("platform.origin[{place}].platform"), &origin.platform)?;
            let key = format!("platform.origin[{place}].gateway");
            check_origin(&key, &origin.gateway)?;
            if self.origin[..place].iter().any(|other| other.gateway.host() == origin.gateway.host()) {
                return not_allowed(
                    key,
                    &origin.gateway,
                    "a host of its own for each origin: cookies know no ports",
                );
            }
            if origin.gateway.host() == api.host() {
                let allowed =
                    "a host of its own, because cookies and pages of the platform must not reach the API";
                return not_allowed(key, &origin.gateway, allowed);
            }
        }
        if self.kind.is_empty() {
            return not_allowed(
                "platform.kind",
                "[]",
                "at least one [[platform.kind]] that may be impersonated",
            );
        }
        let name = self.identity_header.to_ascii_lowercase();
        let taken = ["", "host", "cookie", "connection", "content-length", "transfer-encoding"]
            .contains(&name.as_str());
        if taken || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            let allowed = "a header of its own, of letters, digits and dashes";
            return not_allowed("platform.identity_header", &self.identity_header, allowed);
        }
        if let Some(name) = self.script_cookies.iter().find(|name| name.contains("understudy")) {
            return not_allowed("platform.script_cookies", name, "no cookie of the gateway's own");
        }
        if self.unlisted_fields.iter().any(|name| name.trim().is_empty()) {
            let allowed = "names of form fields, such as \"csrf_token\"";
            return not_allowed("platform.unlisted_fields", "", allowed);
        }
        if let Some(id) =
            self.protected.iter().find(|id| id.is_empty() || id.trim() != *id || id.contains('@'))
        {
            let allowed = "IDs of people, such as \"INV-000001\"; an e-mail address can change hands";
            return not_allowed("platform.protected", id, allowed);
        }
        self.routes()?;
        self.ca()?;
        Ok(())
    }

    /// The certificates of `platform.ca_file`, read anew.
    pub fn ca(&self) -> Result<Vec<CertificateDer<'static>>, ConfigError> {
        let Some(path) = &self.ca_file else { return Ok(vec![]) };
        tls::certificates(path).or_else(|error| {
            let allowed = format!("a PEM file with at least one CERTIFICATE of an authority ({error})");
            not_allowed("platform.ca_file", path.display(), &allowed)
        })
    }

    /// What a name of the record is in other languages, by their tags.
    pub fn names(&self, name: &str) -> BTreeMap<String, String> {
        let named = |route: &&RouteConfig| route.name.as_deref() == Some(name) && !route.names.is_empty();
        let unnamed = || UNNAMED.into_iter().find(|(english, _)| *english == name);
        match self.route.iter().find(named) {
            Some(route) => route.names.clone(),
            None => unnamed().map(|(_, french)| ("fr".to_owned(), french.to_owned())).into_iter().collect(),
        }
    }

    /// The routes as the rules take them.
    pub fn routes(&self) -> Result<Vec<Route>, ConfigError> {
        let routes = self.route.iter().enumerate().map(|(place, route)| {
            if route.needs.is_some() && matches!(route.class, Class::Asset | Class::Reads) {
                let allowed = "no `needs` where nothing is changed";
                return not_allowed(format!("platform.route[{place}].class"), name_of(route.class), allowed);
            }
            let Ok(pattern) = Pattern::parse(&route.path) else {
                let allowed = "a path such as /documents/{id} or /static/{*rest}";
                return not_allowed(format!("platform.route[{place}].path"), &route.path, allowed);
            };
            let tag = |tag: &str| (2..=3).contains(&tag.len()) && tag.bytes().all(|b| b.is_ascii_lowercase());
            if let Some((language, name)) =
                route.names.iter().find(|(language, name)| !tag(language) || name.trim().is_empty())
            {
                let allowed = "a name for a language's tag, such as fr = \"Page consultée\"";
                return not_allowed(format!("platform.route[{place}].names.{language}"), name, allowed);
            }
            if route.name.is_none() && !route.names.is_empty() {
                let allowed = "a `name` for the record wherever there are `names`";
                return not_allowed(format!("platform.route[{place}].name"), "", allowed);
            }
            Ok(Route {
                method: route.method.as_deref().map(str::to_ascii_uppercase),
                pattern,
                name: route.name.clone(),
                class: route.class,
                needs: route.needs,
            })
        });
        routes.collect()
    }
}

fn identity_header() -> String {
    "Understudy-Identity".to_owned()
}

fn script_cookies() -> Vec<String> {
    vec!["csrf_token".to_owned()]
}
