//! The API: bearer tokens only, no cookies, one file an action.

mod approvals;
mod attempts;
mod events;
pub(crate) mod extract;
mod hosts;
mod inbox;
mod info;
mod people;
pub(crate) mod requests;
mod second_factor;
pub(crate) mod sessions;
mod sign_in;
mod sites;
mod switch;

use axum::{Router, extract::DefaultBodyLimit, middleware, response::IntoResponse as _};
use tower_http::{catch_panic::CatchPanicLayer, set_header::SetResponseHeaderLayer};
use utoipa::{
    Modify, OpenApi,
    openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use understudy_rules::reason::check_reason;

use crate::{
    Shared,
    error::{ApiError, ApiResult},
    log, person,
};
pub(crate) use hosts::{Hosts, host_of, is_host, only_hosts};

/// A reason as it is kept.
pub(crate) fn checked_reason(field: &str, text: &str) -> ApiResult<String> {
    check_reason(text).map_err(|error| ApiError::invalid(field, format!("The reason must have {error}.")))
}

#[derive(OpenApi)]
#[openapi(
    info(title = "Understudy", description = "Impersonation for support staff. Errors are RFC 9457 problem details."),
    modifiers(&Bearer)
)]
struct Document;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build());
        document.components.get_or_insert_default().add_security_scheme("bearer", scheme);
    }
}

fn documented() -> OpenApiRouter<Shared> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(info::info))
        .routes(routes!(info::health))
        .routes(routes!(info::jwks))
        .routes(routes!(sign_in::sign_in))
        .routes(routes!(sign_in::refresh))
        .routes(routes!(sign_in::sign_out))
        .routes(routes!(sign_in::me))
        .routes(routes!(second_factor::read))
        .routes(routes!(second_factor::enrol))
        .routes(routes!(second_factor::confirm))
        .routes(routes!(second_factor::verify))
        .routes(routes!(people::list))
        .routes(routes!(people::find))
        .routes(routes!(requests::create::create))
        .routes(routes!(requests::list::list))
        .routes(routes!(requests::read::current))
        .routes(routes!(requests::read::read))
        .routes(routes!(requests::cancel::cancel))
        .routes(routes!(requests::verify::verify))
        .routes(routes!(requests::start::start))
        .routes(routes!(requests::resume::resume))
        .routes(routes!(requests::raise::ask))
        .routes(routes!(requests::raise::raise))
        .routes(routes!(inbox::inbox))
        .routes(routes!(approvals::list::list))
        .routes(routes!(approvals::take::take))
        .routes(routes!(approvals::hand_over::hand_over))
        .routes(routes!(approvals::deny::deny))
        .routes(routes!(sessions::list::list))
        .routes(routes!(sessions::read::read))
        .routes(routes!(sessions::lease::renew))
        .routes(routes!(sessions::extend::extend))
        .routes(routes!(sessions::handoff::handoff))
        .routes(routes!(sessions::end::end))
        .routes(routes!(sessions::note::write))
        .routes(routes!(sessions::lift::lift))
        .routes(routes!(sessions::review::write))
        .routes(routes!(sessions::ask::ask))
        .routes(routes!(switch::turn, switch::read))
        .routes(routes!(events::events))
        .merge(person::routes())
}

/// The OpenAPI document, as `/api/openapi.json` answers it.
pub fn openapi() -> utoipa::openapi::OpenApi {
    documented().split_for_parts().1
}

pub fn router(core: Shared) -> Router {
    let (router, document) = documented().split_for_parts();
    let hosts = Hosts {
        origins: vec![core.config.api.origin.clone()],
        refuse: |_| ApiError::misdirected().into_response(),
    };
    let no_store = axum::http::HeaderValue::from_static("no-store");
    router
        .merge(person::router(&core))
        .route("/api/openapi.json", axum::routing::get(async move || axum::Json(document.clone())))
        .fallback(async || ApiError::not_found("address"))
        .method_not_allowed_fallback(async || ApiError::method_not_allowed())
        .layer(DefaultBodyLimit::max(extract::LARGEST))
        .layer(CatchPanicLayer::custom(|_: Box<dyn std::any::Any + Send>| {
            ApiError::internal(&"a handler panicked").into_response()
        }))
        .layer(middleware::from_fn_with_state(core.config.api.origin.clone(), sites::only_own_pages))
        .layer(middleware::from_fn_with_state(hosts, only_hosts))
        .layer(SetResponseHeaderLayer::if_not_present(axum::http::header::CACHE_CONTROL, no_store))
        .layer(log::requests("api"))
        .with_state(core)
}
