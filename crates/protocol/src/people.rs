//! The platform's people, as the directory shows them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

/// A kind of person, as configured: `userType` in the directory and its name on the screen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Kind {
    /// The directory's `userType`, e.g. "Investor".
    pub id: String,
    /// The name of one, e.g. "Investor".
    pub singular: String,
    /// The name of the tab, e.g. "Investors".
    pub plural: String,
}

/// As much of a person as a list of requests or sessions needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct PersonRef {
    /// The platform's immutable ID.
    pub id: String,
    pub kind: String,
    pub name: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Person {
    pub id: String,
    pub kind: String,
    pub name: String,
    pub email: String,
    /// As the platform words it, e.g. "active".
    pub status: String,
    pub active: bool,
    pub created_at: Option<DateTime<Utc>>,
    pub last_seen_at: Option<DateTime<Utc>>,
    /// Their language (BCP 47), where the platform tells.
    #[serde(default)]
    pub language: Option<String>,
}

impl Person {
    pub fn reference(&self) -> PersonRef {
        PersonRef { id: self.id.clone(), kind: self.kind.clone(), name: self.name.clone() }
    }
}

/// `GET /api/people`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct PeopleQuery {
    /// Only people of this kind.
    pub kind: Option<String>,
    /// Found in name, e-mail or ID; case does not matter.
    pub search: Option<String>,
    /// Index of the first, from 0.
    #[serde(default)]
    pub offset: u32,
    /// How many at most, 1 to 200; 50 where it is missing.
    pub limit: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct PeoplePage {
    pub people: Vec<Person>,
    /// How many there are in all.
    pub total: u32,
    pub offset: u32,
}
