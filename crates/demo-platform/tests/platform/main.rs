//! Meridian over real HTTP, in this process.

mod access_log;
mod application;
mod certificates;
mod common;
mod documents;
mod identity;
mod live;
mod messages;
mod offers;
mod payments;
mod profile;
mod scim;
mod settings;
mod sign_in;
mod test_routes;
