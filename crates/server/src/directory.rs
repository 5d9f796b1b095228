//! The platform's people, read over SCIM 2.0 (RFC 7644).

use chrono::{DateTime, Utc};
use reqwest::Client;
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use understudy_protocol::{ErrorCode, PeoplePage, PeopleQuery, Person};
use url::Url;

use crate::{
    config::{Config, DirectoryConfig},
    error::{ApiError, ApiResult, chain},
    tls,
};

/// Words of a search that count.
pub const MOST_WORDS: usize = 8;

pub struct Directory {
    client: Client,
    config: DirectoryConfig,
    /// `userType`s that may be impersonated; nobody else is ever shown.
    kinds: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ListResponse {
    total_results: u32,
    #[serde(rename = "Resources", default)]
    resources: Vec<User>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct User {
    id: String,
    user_name: String,
    display_name: Option<String>,
    user_type: Option<String>,
    #[serde(default = "yes")]
    active: bool,
    #[serde(default)]
    emails: Vec<Email>,
    preferred_language: Option<String>,
    meta: Option<Meta>,
    #[serde(rename = "urn:meridian:2.0:User")]
    more: Option<More>,
}

#[derive(Deserialize)]
struct Email {
    value: String,
    #[serde(default)]
    primary: bool,
}

#[derive(Deserialize)]
struct Meta {
    created: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct More {
    status: Option<String>,
    last_seen: Option<DateTime<Utc>>,
}

fn yes() -> bool {
    true
}

impl From<User> for Person {
    fn from(user: User) -> Self {
        let more = user.more.unwrap_or(More { status: None, last_seen: None });
        let email = user.emails.iter().find(|e| e.primary).or(user.emails.first()).map(|e| e.value.clone());
        let plain = if user.active { "active" } else { "suspended" };
        Self {
            name: user.display_name.unwrap_or_else(|| user.user_name.clone()),
            email: email.unwrap_or(user.user_name),
            kind: user.user_type.unwrap_or_default(),
            status: more.status.unwrap_or_else(|| plain.to_owned()),
            active: user.active,
            created_at: user.meta.and_then(|m| m.created),
            last_seen_at: more.last_seen,
            language: user.preferred_language,
            id: user.id,
        }
    }
}

impl Directory {
    pub fn new(config: &Config) -> anyhow::Result<Self> {
        let client = Client::builder()
            .timeout(std::time::Duration::from_secs(10))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .tls_backend_preconfigured(tls::client(config)?)
            .build()?;
        let kinds = config.platform.kind.iter().map(|kind| kind.id.clone()).collect();
        Ok(Self { client, config: config.platform.directory.clone(), kinds })
    }

    /// One page of people, of one kind or of all that may be impersonated.
    pub async fn list(&self, query: &PeopleQuery) -> ApiResult<PeoplePage> {
        let kinds: Vec<&String> = match &query.kind {
            None => self.kinds.iter().collect(),
            Some(kind) => match self.kinds.iter().find(|k| *k == kind) {
                Some(kind) => vec![kind],
                None => return Err(ApiError::invalid("kind", "There is no such kind of person here.")),
            },
        };
        let mut filter = any(kinds.into_iter().map(|kind| format!("userType eq {}", quoted(kind))));
        // Every word, in whatever order.
        let words = query.search.as_deref().unwrap_or_default().split_whitespace();
        for text in words.take(MOST_WORDS) {
            let attributes = ["displayName", "userName", "emails.value", "id"];
            let found = any(attributes.map(|attribute| format!("{attribute} co {}", quoted(text))));
            filter = format!("{filter} and {found}");
        }
        let limit = query.limit.unwrap_or(50).clamp(1, 200);
        let answer = self.ask(&filter, query.offset.saturating_add(1), limit).await?;
        // A directory that does not know the filter would answer with everybody.
        let people =
            answer.resources.into_iter().map(Person::from).filter(|p| self.kinds.contains(&p.kind)).collect();
        Ok(PeoplePage { people, total: answer.total_results, offset: query.offset })
    }

    /// The one person with this ID or e-mail address. An ID goes before an address.
    pub async fn find(&self, identifier: &str) -> ApiResult<Person> {
        let identifier = identifier.trim();
        let missing = || {
            ApiError::new(
                ErrorCode::PersonNotFound,
                "Nobody has this ID or e-mail address. Copy it from the list of people and try again.",
            )
        };
        if identifier.is_empty() {
            return Err(missing());
        }
        let (value, upper) = (quoted(identifier), quoted(&identifier.to_uppercase()));
        let filter =
            format!("(id eq {value} or id eq {upper} or userName eq {value} or emails.value eq {value})");
        let mut found: Vec<Person> =
            self.ask(&filter, 1, 10).await?.resources.into_iter().map(Person::from).collect();
        // As it is written, or in capitals: an ID is read out on the phone and typed by hand.
        let upper = identifier.to_uppercase();
        for id in [identifier, &upper] {
            if let Some(place) = found.iter().position(|person| person.id == id) {
                return self.allowed(found.swap_remove(place));
            }
        }
        found.retain(|person| person.email.eq_ignore_ascii_case(identifier));
        match found.len() {
            0 => Err(missing()),
            1 => self.allowed(found.swap_remove(0)),
            _ => Err(ApiError::invalid(
                "identifier",
                "Several people have this e-mail address. Use the ID instead.",
            )),
        }
    }

    fn allowed(&self, person: Person) -> ApiResult<Person> {
        if self.kinds.contains(&person.kind) {
            return Ok(person);
        }
        Err(ApiError::new(ErrorCode::PersonRefused, "People of this kind cannot be impersonated here."))
    }

    async fn ask(&self, filter: &str, start: u32, count: u32) -> ApiResult<ListResponse> {
        let answer = async {
            let mut url: Url = self.config.url.clone();
            if let Ok(mut path) = url.path_segments_mut() {
                path.pop_if_empty().push("Users");
            }
            self.client
                .get(url)
                .query(&[
                    ("filter", filter),
                    ("startIndex", &start.to_string()),
                    ("sortBy", "displayName"),
                    ("count", &count.to_string()),
                ])
                .bearer_auth(self.config.token.expose_secret())
                .header("accept", "application/scim+json")
                .send()
                .await?
                .error_for_status()?
                .json()
                .await
        };
        answer.await.map_err(|error: reqwest::Error| {
            tracing::warn!(error = chain(&error.without_url()), "the directory does not answer");
            ApiError::new(
                ErrorCode::DirectoryUnavailable,
                "The platform's list of people cannot be read right now. Try again in a moment.",
            )
        })
    }
}

fn any(filters: impl IntoIterator<Item = String>) -> String {
    format!("({})", filters.into_iter().collect::<Vec<_>>().join(" or "))
}

/// A string of the filter language: JSON's.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
