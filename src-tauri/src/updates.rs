//! Newer versions of the app: from a signed feed, and only where the managed settings name one.

use std::time::Duration;

use tauri::AppHandle;
use tauri_plugin_updater::{Error, Update, UpdaterExt};
use understudy_protocol::ErrorCode;
use url::Url;

use crate::contract::{CommandError, NewVersion};
use crate::error::Result;
use crate::server::refuse_while_impersonating;
use crate::state::AppExt;
use crate::words::say;

const UPDATE: (&str, &str) = ("install the update", "installez la mise à jour");

const LOOK_AGAIN: Duration = Duration::from_secs(6 * 60 * 60);

/// Looks at the start and a few times a day.
pub(crate) async fn look(app: AppHandle) {
    if app.understudy().settings.updates().is_none() {
        return;
    }
    loop {
        match check(&app).await {
            Ok(update) => {
                let version = update.map(|update| NewVersion {
                    version: update.version,
                    notes: update.body,
                    downloaded: None,
                });
                app.understudy().set_new_version(version);
                app.publish();
            }
            Err(error) => log::warn!("newer versions could not be looked for: {error}"),
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// Downloads it, checks its signature, installs it and starts again. Never while impersonating.
pub(crate) async fn install(app: &AppHandle) -> Result<()> {
    refuse_while_impersonating(&app.understudy(), UPDATE)?;
    let failed = |error: Error| {
        if matches!(error, Error::Minisign(_) | Error::SignatureUtf8(_) | Error::Base64(_)) {
            let message = say(
                "The update is not signed with the key that this computer trusts, so nothing was installed. Tell whoever manages this computer.",
                "La mise à jour n’est pas signée avec la clé reconnue par cet ordinateur : rien n’a été installé. Prévenez la personne qui gère cet ordinateur.",
            );
            return CommandError::internal(message, error);
        }
        let message = say(
            "The update could not be installed, so this version stays. Try again later, or tell whoever manages this computer.",
            "La mise à jour n’a pas pu être installée : cette version reste en place. Réessayez plus tard ou prévenez la personne qui gère cet ordinateur.",
        );
        CommandError::internal(message, error)
    };
    let Some(update) = check(app).await.map_err(failed)? else {
        app.understudy().set_new_version(None);
        app.publish();
        let message = say(
            "There is no newer version any more: the update was withdrawn. Nothing was installed.",
            "Il n’y a plus de version plus récente : la mise à jour a été retirée. Rien n’a été installé.",
        );
        return Err(CommandError::new(ErrorCode::App, message));
    };
    let mut received = 0;
    let tell = |part: usize, whole: Option<u64>| {
        received += part as u64;
        let percent = whole.and_then(|whole| (received * 100).checked_div(whole));
        downloaded(app, percent.and_then(|percent| u8::try_from(percent).ok()));
    };
    let package = update.download(tell, || {}).await;
    downloaded(app, None);
    let package = package.map_err(failed)?;
    // A session may have started while it was downloading, and some systems end the app to install.
    refuse_while_impersonating(&app.understudy(), UPDATE)?;
    update.install(package).map_err(failed)?;
    app.restart()
}

/// Says how much of the newer version is there, in percent.
fn downloaded(app: &AppHandle, percent: Option<u8>) {
    if app.understudy().set_downloaded(percent) {
        app.publish();
    }
}

async fn check(app: &AppHandle) -> std::result::Result<Option<Update>, Error> {
    let Some(updates) = app.understudy().settings.updates() else { return Ok(None) };
    let url = Url::parse(&updates.url)?;
    app.updater_builder().pubkey(updates.public_key).endpoints(vec![url])?.build()?.check().await
}
