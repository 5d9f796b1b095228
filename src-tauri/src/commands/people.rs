//! The platform's people. For the main window.

use tauri::AppHandle;
use understudy_protocol::{PeoplePage, PeopleQuery, Person};

use crate::error::Result;
use crate::state::AppExt;

#[tauri::command]
pub(crate) async fn list_people(app: AppHandle, query: PeopleQuery) -> Result<PeoplePage> {
    app.understudy().api.list_people(&query).await
}

/// By ID or e-mail address.
#[tauri::command]
pub(crate) async fn find_person(app: AppHandle, identifier: String) -> Result<Person> {
    app.understudy().api.find_person(&identifier).await
}
