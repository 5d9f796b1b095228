//! The whole story in French: not one English word of ours is left, and dates are written as in France.

use std::{collections::BTreeSet, fs};

use anyhow::{Context as _, ensure};
use chrono::{Datelike as _, Local};
use sea_orm::ConnectionTrait as _;
use serde_json::{Value, json};
use understudy_protocol::Role;
use understudy_server::staff;

use crate::{
    harness::{ADA, App, PASSWORD, PERSON, PERSON_NAME, REASON, SOON, Staff, Theme, View, World, id, until},
    trouble::{asks_for, info, later, odd},
    updates::{announce_wrongly_signed, copy},
};

const GRACE: Staff = Staff { email: "grace@example.com", name: "Grace Okafor" };
const MAX: Staff = Staff { email: "max@example.com", name: "Max Brandt" };

const MONTHS: [&str; 12] =
    ["janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."];

/// All that people read or hear, a line each.
const WORDS: &str = "const words = [document.body.innerText];
    for (const element of document.querySelectorAll('[aria-label], [title], [placeholder]'))
        for (const name of ['aria-label', 'title', 'placeholder']) words.push(element.getAttribute(name) ?? '');
    return words.join('\\n');";

/// The English messages that French has other words for.
struct English(BTreeSet<String>);

impl English {
    fn read() -> anyhow::Result<Self> {
        let english = words_of(&serde_json::from_str(include_str!("../../ui/messages/en.json"))?);
        let french = words_of(&serde_json::from_str(include_str!("../../ui/messages/fr.json"))?);
        ensure!(english.len() > 400 && french.len() > 400, "the messages are not found");
        Ok(Self(english.difference(&french).cloned().collect()))
    }

    /// What of it stands in this text: a whole line of it, or a sentence anywhere.
    fn within<'a>(&'a self, text: &'a str) -> Vec<&'a str> {
        let lines: BTreeSet<&str> = text.lines().map(str::trim).collect();
        let is_there = |words: &&String| {
            lines.contains(words.as_str())
                || (words.len() > 12 && words.contains(' ') && text.contains(*words))
        };
        self.0.iter().filter(is_there).map(String::as_str).collect()
    }
}

/// The words of all messages, without what is filled in.
fn words_of(messages: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut rest: Vec<&Value> = messages.as_object().into_iter().flat_map(|all| all.values()).collect();
    while let Some(value) = rest.pop() {
        match value {
            Value::String(text) => {
                let parts = text.split('{').map(|part| part.split_once('}').map_or(part, |(_, after)| after));
                let words = parts.map(|part| part.trim().trim_matches(['.', ',', ':', ';']).to_owned());
                // A name of ours that stands alone is the same in every language.
                found.extend(words.filter(|words| words.chars().filter(|c| c.is_alphabetic()).count() > 3));
            }
            Value::Array(variants) => rest.extend(variants.iter().map(|variant| &variant["match"])),
            Value::Object(variants) => rest.extend(variants.values()),
            _ => {}
        }
    }
    found
}

#[test]
fn english_words_are_noticed() -> anyhow::Result<()> {
    let english = English::read()?;
    for text in ["Personnes\nHistory\n", "Avant. The history can wait, but Enter your password. Après"] {
        ensure!(!english.within(text).is_empty(), "nothing is noticed in {text:?}");
    }
    ensure!(english.within("Historique\nPersonnes").is_empty(), "French is taken for English");
    Ok(())
}

/// This is there, and nothing English.
pub async fn french(app: &App, view: View, wanted: &str) -> anyhow::Result<()> {
    let english = English::read()?;
    until(&format!("{view:?} says {wanted:?}, and nothing in English"), SOON, async || {
        let text = app.script(view, WORDS, vec![]).await?;
        let text = text.as_str().context("no text")?;
        ensure!(text.contains(wanted), "it says {text}");
        let found = english.within(text);
        ensure!(found.is_empty(), "it says in English {found:?}");
        Ok(Some(()))
    })
    .await
}

async fn start_in_french(world: &World) -> anyhow::Result<App> {
    speak_french(world)?;
    App::start(world).await
}

/// As it was chosen once: the system itself may know no French.
fn speak_french(world: &World) -> anyhow::Result<()> {
    let own = world.folder.path().join("home/.config/dev.understudy.desktop");
    fs::create_dir_all(&own)?;
    Ok(fs::write(own.join("settings.json"), r#"{ "language": "fr" }"#)?)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_story_is_told_in_french() -> anyhow::Result<()> {
    let world = World::start(Theme::Light).await?;
    let app = start_in_french(&world).await?;
    app.see(View::Main, &id("server-url")).await?;
    french(&app, View::Main, "Continuer").await?;
    world.step(&app, "fr-01-first-start", "L’app demande son serveur.").await?;
    app.fill(View::Main, &id("server-url"), world.services.api.as_str()).await?;
    app.click(View::Main, &id("server-continue")).await?;
    app.see(View::Main, &id("email")).await?;
    french(&app, View::Main, "Mot de passe").await?;
    world.step(&app, "fr-02-sign-in", "Elle demande qui est là.").await?;
    app.sign_in_again(&ADA).await?;
    app.see(View::Main, &id("person-row")).await?;
    french(&app, View::Main, "Investisseurs").await?;
    world.step(&app, "fr-03-people", "Les personnes de la plateforme.").await?;

    let session = app.request_code(&world, PERSON, "act").await?;
    let code = world.mail.newest(ADA.email, 1).await?.code();
    app.reads(View::Main, &id("deliveries"), ADA.email).await?;
    french(&app, View::Main, ADA.email).await?;
    world.step(&app, "fr-04-code", "Le code est parti.").await?;
    until("the notification in French", SOON, async || {
        let known = world.desktop.notifications()?;
        let body = known.iter().find(|(title, _)| title == "Un code est arrivé").map(|(_, body)| body);
        let whole = "(Investisseur), modifications permises. Ouvrez Understudy pour l’utiliser.";
        ensure!(body.is_some_and(|body| body.contains(whole)), "the notifications say {known:?}");
        Ok(Some(()))
    })
    .await?;
    app.click(View::Main, &id("nav-inbox")).await?;
    app.reads(View::Main, &id("inbox-code"), &code).await?;
    french(&app, View::Main, PERSON_NAME).await?;
    app.click(View::Main, &id("nav-impersonation")).await?;
    app.enter_code(&code).await?;
    french(&app, View::Main, "modifications permises").await?;
    app.scan().await?;
    french(&app, View::Main, "codes de secours").await?;
    world.step(&app, "fr-05-recovery", "Les codes de secours.").await?;
    app.click(View::Main, &id("recovery-kept")).await?;
    app.click(View::Main, &id("start")).await?;
    app.reads(View::Bar, &id("bar-name"), PERSON_NAME).await?;
    app.reads(View::Platform, "h1", PERSON_NAME).await?;
    french(&app, View::Bar, "Quitter").await?;
    ensure!(world.desktop.window("Connecté en tant que").is_some(), "the stage's title is not French");
    world.step(&app, "fr-06-stage", "Sous la barre d’avertissement.").await?;
    french(&app, View::Main, PERSON_NAME).await?;
    app.click(View::Bar, &id("exit")).await?;
    app.see(View::Main, &id("note-sheet")).await?;
    french(&app, View::Main, PERSON_NAME).await?;
    world.step(&app, "fr-07-note", "La note de fin.").await?;
    app.fill(View::Main, &id("note-what"), "Numéro corrigé.").await?;
    app.fill(View::Main, &id("note-why"), "Elle l’a demandé.").await?;
    app.click(View::Main, &id("solved-yes")).await?;
    app.click(View::Main, &id("note-save")).await?;
    app.gone(View::Main, &id("note-sheet")).await?;
    app.look_again().await?;

    app.click(View::Main, &id("nav-history")).await?;
    let row = format!("[data-session=\"{session}\"]");
    app.reads(View::Main, &row, PERSON_NAME).await?;
    french(&app, View::Main, "Historique").await?;
    app.click(View::Main, &format!("{row} a")).await?;
    app.see(View::Main, &id("report-note")).await?;
    french(&app, View::Main, "Numéro corrigé.").await?;
    // The installation's own names too.
    app.reads(View::Main, &id("actions"), "Consultation du tableau de bord").await?;
    // "22 nov. 2026", where English has "Nov 22, 2026" or "22 Nov 2026".
    let today = Local::now();
    let month = MONTHS.get(today.month0() as usize).context("a month")?;
    app.reads(View::Main, &id("report-end"), &format!("{} {month} {}", today.day(), today.year())).await?;
    world.step(&app, "fr-08-report", "Le compte rendu, avec la date à la française.").await?;
    app.click(View::Main, &id("nav-settings")).await?;
    app.see(View::Main, &id("factor-state")).await?;
    french(&app, View::Main, "Réglages").await?;
    world.step(&app, "fr-09-settings", "Les réglages.").await?;
    // And back, at once.
    app.click(View::Main, &id("set-language-en")).await?;
    app.reads(View::Main, "main", "Quiet hours").await?;
    app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_wrong_on_the_bar_is_said_in_french() -> anyhow::Result<()> {
    let world = World::start(Theme::Light).await?;
    let app = start_in_french(&world).await?;
    app.sign_in(&world, &ADA).await?;
    app.step_in(&world, &ADA, "act").await?;

    // A change that the person has to allow, and the ways in which asking them fails.
    let bank = "form[action='/settings/bank']";
    app.click(View::Platform, "nav a[href='/settings']").await?;
    app.fill(View::Platform, &format!("{bank} input[name=iban]"), "DE89370400440532013000").await?;
    app.click(View::Platform, &format!("{bank} button")).await?;
    app.see(View::Bar, &id("ask-person")).await?;
    french(&app, View::Bar, "Refusé").await?;
    let db = &world.services.server.core.store.db;
    // The server's own words for it are English.
    db.execute_unprepared("UPDATE impersonation SET person_email = NULL").await?;
    app.click(View::Bar, &id("ask-person")).await?;
    french(&app, View::Bar, "Cette question ne peut plus être posée").await?;
    world.step(&app, "fr-10-nobody-to-ask", "Personne ne peut être consulté.").await?;
    db.execute_unprepared("UPDATE impersonation SET person_email = 'elise.marchand@example.com'").await?;
    world.services.tap.cut();
    app.click(View::Bar, &id("ask-person")).await?;
    french(&app, View::Bar, "Le serveur est injoignable").await?;
    world.services.tap.mend();
    app.click(View::Bar, &id("ask-person")).await?;
    french(&app, View::Bar, "Un e-mail est en route").await?;

    // Where the draft goes to there is something else.
    let draft = world.folder.path().join("home/.local/share/dev.understudy.desktop/notes.json.new");
    fs::create_dir_all(draft)?;
    app.click(View::Bar, &id("bar-note")).await?;
    app.fill(View::Bar, &id("note-what"), "Rien encore").await?;
    app.see(View::Bar, &id("draft-failed")).await?;
    french(&app, View::Bar, "Votre brouillon n’a pas pu être conservé").await?;

    // Another language is everywhere at once, and what was typed stays.
    world.desktop.bring_up("Understudy")?;
    app.click(View::Main, &id("you")).await?;
    app.click(View::Main, &id("language-en")).await?;
    app.reads(View::Bar, &id("exit"), "Exit impersonation").await?;
    ensure!(app.value(View::Bar, "note-what").await? == "Rien encore", "the draft is lost");
    until("the stage's title is English", SOON, async || Ok(world.desktop.window("Signed in as"))).await?;
    app.close().await
}

/// The other side of an approval: Grace answers Ada, and then Max answers her.
async fn approvals_in_french(world: &World, app: &App) -> anyhow::Result<()> {
    let (services, main) = (&world.services, View::Main);
    let exception = json!({ "evidence": "exception", "category": "Suspected fraud", "reason": REASON });
    let asked = json!({
        "identifier": PERSON, "reason": REASON, "ticket": null, "mode": "view", "consent": exception
    });
    let ada = services.sign_in_elsewhere(&ADA).await?;
    services.ask_elsewhere("api/requests", &ada, asked).await?;
    app.click(main, &id("nav-inbox")).await?;
    app.see(main, &id("take")).await?;
    french(app, main, "n’a pas été demandé").await?;
    app.click(main, &id("take")).await?;
    app.scan().await?;
    app.click(main, &id("recovery-kept")).await?;
    french(app, main, "Transmettre le code").await?;
    app.click(main, &id("deny")).await?;
    app.click(main, &id("deny-yes")).await?;
    app.see(main, &format!("{}[aria-invalid]", id("deny-reason"))).await?;
    french(app, main, "Refuser le code pour").await?;
    app.fill(main, &id("deny-reason"), "Elle peut être jointe").await?;
    app.click(main, &id("deny-yes")).await?;
    app.gone(main, &id("approval")).await?;
    french(app, main, "lira votre motif").await?;

    app.open_form(PERSON).await?;
    app.fill(main, &id("reason"), "Virement suspect").await?;
    app.click(main, &id("evidence-exception")).await?;
    app.click(main, &id("request-code")).await?;
    french(app, main, "Choisissez le cas").await?;
    app.click(main, &id("category-Suspected fraud")).await?;
    app.fill(main, &id("exception-reason"), "Deux paiements cette nuit").await?;
    app.click(main, &id("request-code")).await?;
    french(app, main, "En attente d’un administrateur").await?;
    let (max, request) = (services.sign_in_elsewhere(&MAX).await?, services.newest().await?.id);
    services.ask_elsewhere(&format!("api/approvals/{request}/take"), &max, json!({})).await?;
    french(app, main, "Max Brandt examine votre demande").await?;
    let no = json!({ "reason": "Elle a rappelé" });
    services.ask_elsewhere(&format!("api/approvals/{request}/deny"), &max, no).await?;
    french(app, main, "Max Brandt a refusé ce code").await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_administrators_meet_and_what_goes_wrong_is_said_in_french() -> anyhow::Result<()> {
    let mut world = World::start(Theme::Light).await?;
    for Staff { email, name } in [GRACE, MAX] {
        let store = &world.services.server.core.store;
        staff::add(store, email, name, &[Role::Admin], PASSWORD.to_owned().into()).await?;
    }
    let feed = announce_wrongly_signed(&mut world).await?;
    speak_french(&world)?;
    let app = App::start_program(&world, &copy(&world)?).await?;
    let main = View::Main;

    // Servers that do not fit, and a clock that does not.
    french(&app, main, "Continuer").await?;
    for (protocol, words) in [(99, "est plus récent que"), (0, "est plus ancien que")] {
        let server = odd(info(protocol, None), later(0), None).await?;
        asks_for(&app, &format!("http://127.0.0.1:{}", server.port)).await?;
        french(&app, main, words).await?;
    }
    asks_for(&app, world.services.platform.as_str()).await?;
    french(&app, main, "n’est pas un serveur Understudy").await?;
    world.services.tap.shift_dates(300);
    asks_for(&app, world.services.api.as_str()).await?;
    app.see(main, &id("email")).await?;
    french(&app, main, "L’horloge de cet ordinateur retarde").await?;
    world.services.tap.shift_dates(0);

    // An update that is refused, the palette, the keys.
    app.sign_in_again(&GRACE).await?;
    feed.rest.notify_one();
    app.click(main, &id("install-update")).await?;
    french(&app, main, "La mise à jour n’est pas signée").await?;
    world.step(&app, "fr-11-update", "La mise à jour n’est pas installée.").await?;
    app.click(main, &id("palette-open")).await?;
    app.see(main, "[data-command=keys]").await?;
    french(&app, main, "Recherche et commandes").await?;
    app.fill(main, &id("palette-input"), "raccourcis").await?;
    app.click(main, "[data-command=keys][data-selected]").await?;
    app.see(main, &id("keys-sheet")).await?;
    french(&app, main, "Raccourcis clavier").await?;
    app.keys(main, "body", "\u{E00C}").await?;
    app.gone(main, &id("keys-sheet")).await?;

    approvals_in_french(&world, &app).await?;
    world.step(&app, "fr-12-denied", "Le code est refusé.").await?;
    app.click(main, &id("nav-settings")).await?;
    app.click(main, &id("set-switch")).await?;
    app.see(main, &id("switch-reason")).await?;
    french(&app, main, "Désactiver la prise en main").await?;
    app.click(main, &id("switch-cancel")).await?;
    world.services.tap.cut();
    app.see(main, &id("offline")).await?;
    french(&app, main, "Pas de connexion au serveur").await?;
    app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn text_that_is_too_long_is_cut_where_it_is_typed_and_what_is_left_is_taken() -> anyhow::Result<()> {
    let world = World::start(Theme::Light).await?;
    let app = start_in_french(&world).await?;
    app.sign_in(&world, &ADA).await?;
    app.open_form(PERSON).await?;
    app.fill_in_request("view").await?;
    for (field, longest) in
        [("reason", 500), ("ticket", 100), ("consent-given-by", 100), ("consent-reference", 100)]
    {
        let typed = "déjà vu ".repeat(longest / 8 + 3);
        app.fill(View::Main, &id(field), &typed).await?;
        let kept = app.value(View::Main, field).await?;
        let cut: String = typed.chars().take(longest).collect();
        ensure!(kept == cut, "of {field} is kept {} characters: {kept}", kept.chars().count());
    }
    app.click(View::Main, &id("request-code")).await?;
    app.see(View::Main, &id("code-time")).await?;
    // The server takes as much, and counts characters too.
    let row = world.services.newest().await?;
    ensure!(row.reason.chars().count() == 500, "of the reason is left {}", row.reason);
    ensure!(row.ticket.is_some_and(|ticket| ticket.chars().count() == 100), "the ticket is another");
    app.close().await
}
