//! The application of a company, in four steps; what is typed is kept from step to step.

use askama::Template;
use axum::{
    Router,
    extract::{FromRequestParts, Query, State},
    http::{StatusCode, request::Parts},
    response::{Html, IntoResponse as _, Redirect, Response},
    routing::{get, post},
};
use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::{Done, Frame, filters, page};
use crate::{
    App,
    applications::{self, Bank, Company, LEGAL_FORMS, People, Problem, Step},
    auth::{SignedIn, csrf::SignedForm},
    error::Error,
    messages,
};

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/application", get(enter))
        .route("/application/company", get(show::<Company>).post(save::<Company>))
        .route("/application/people", get(show::<People>).post(save::<People>))
        .route("/application/bank", get(show::<Bank>).post(save::<Bank>))
        .route("/application/review", get(review))
        .route("/application/submit", post(submit))
}

/// Proof that the request acts as a company; there is no such page for anybody else.
struct OfCompany(SignedIn);

impl<S: Sync> FromRequestParts<S> for OfCompany {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let account = <SignedIn as FromRequestParts<S>>::from_request_parts(parts, state).await?;
        if account.person.is_company() { Ok(Self(account)) } else { Err(Error::NotFound) }
    }
}

/// A step of the application as a page of ours.
trait StepPage: Step + Sync + Send {
    /// Where "Save and continue" leads.
    const NEXT: &'static str;

    fn render(self, frame: Frame, shown: Shown) -> Result<Html<String>, Error>;
}

/// What the pages of all steps have in common.
struct Shown {
    step: &'static str,
    saved_at: Option<DateTime<Utc>>,
    /// The field that is marked.
    wrong: &'static str,
}

#[derive(Template)]
#[template(path = "application_company.html")]
struct CompanyPage {
    frame: Frame,
    shown: Shown,
    form: Company,
}

impl StepPage for Company {
    const NEXT: &'static str = "/application/people";

    fn render(self, frame: Frame, shown: Shown) -> Result<Html<String>, Error> {
        page(&CompanyPage { frame, shown, form: self })
    }
}

#[derive(Template)]
#[template(path = "application_people.html")]
struct PeoplePage {
    frame: Frame,
    shown: Shown,
    form: People,
}

impl StepPage for People {
    const NEXT: &'static str = "/application/bank";

    fn render(self, frame: Frame, shown: Shown) -> Result<Html<String>, Error> {
        page(&PeoplePage { frame, shown, form: self })
    }
}

#[derive(Template)]
#[template(path = "application_bank.html")]
struct BankPage {
    frame: Frame,
    shown: Shown,
    form: Bank,
}

impl StepPage for Bank {
    const NEXT: &'static str = "/application/review";

    fn render(self, frame: Frame, shown: Shown) -> Result<Html<String>, Error> {
        page(&BankPage { frame, shown, form: self })
    }
}

/// All there is of an application.
struct Application {
    company: Company,
    people: People,
    bank: Bank,
    submitted_at: Option<DateTime<Utc>>,
}

impl Application {
    async fn load(app: &App, person: &str) -> Result<Self, Error> {
        Ok(Self {
            company: typed(app, person).await?,
            people: typed(app, person).await?,
            bank: typed(app, person).await?,
            submitted_at: applications::submitted_at(&app.db, person).await?,
        })
    }

    /// The first step that is not complete.
    fn unfinished(&self) -> Option<&'static str> {
        [
            (self.company.problem(), "/application/company"),
            (self.people.problem(), "/application/people"),
            (self.bank.problem(), "/application/bank"),
        ]
        .into_iter()
        .find_map(|(problem, path)| problem.map(|_| path))
    }
}

async fn typed<S: Step>(app: &App, person: &str) -> Result<S, Error> {
    Ok(applications::draft(&app.db, person).await?.map(|(answers, _)| answers).unwrap_or_default())
}

/// To where one left off.
async fn enter(State(app): State<App>, OfCompany(account): OfCompany) -> Result<Redirect, Error> {
    let application = Application::load(&app, &account.person.id).await?;
    let open = application.submitted_at.is_none();
    Ok(Redirect::to(application.unfinished().filter(|_| open).unwrap_or("/application/review")))
}

async fn show<S: StepPage>(
    State(app): State<App>,
    OfCompany(account): OfCompany,
    Query(done): Query<Done>,
) -> Result<Response, Error> {
    if applications::submitted_at(&app.db, &account.person.id).await?.is_some() {
        return Ok(Redirect::to("/application/review").into_response());
    }
    let (answers, saved_at) = applications::draft::<S>(&app.db, &account.person.id)
        .await?
        .map_or((S::default(), None), |it| (it.0, Some(it.1)));
    let frame = Frame::new(&app, account, "/application").await?.notice(&done);
    Ok(answers.render(frame, Shown { step: S::NAME, saved_at, wrong: "" })?.into_response())
}

#[derive(Deserialize)]
struct Sent<S> {
    /// `draft` only saves; anything else goes on to the next step.
    #[serde(default)]
    then: String,
    #[serde(flatten)]
    answers: S,
}

/// Saves whatever was typed; goes on only when nothing is wrong with it.
async fn save<S: StepPage>(
    State(app): State<App>,
    _: OfCompany,
    SignedForm(account, Sent { then, answers }): SignedForm<Sent<S>>,
) -> Result<Response, Error> {
    let person = account.person.id.clone();
    if applications::submitted_at(&app.db, &person).await?.is_some() {
        return Err(Error::Invalid("Your application was submitted and cannot be changed."));
    }
    let now = Utc::now();
    applications::save(&app.db, &person, &answers, now).await?;
    if then == "draft" {
        return Ok(Redirect::to(&format!("/application/{}?done=draft", S::NAME)).into_response());
    }
    match answers.problem() {
        None => Ok(Redirect::to(S::NEXT).into_response()),
        Some(Problem { field, text }) => {
            let frame = Frame::new(&app, account, "/application").await?.problem(text);
            let again = answers.render(frame, Shown { step: S::NAME, saved_at: Some(now), wrong: field })?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, again).into_response())
        }
    }
}

#[derive(Template)]
#[template(path = "application_review.html")]
struct ReviewPage {
    frame: Frame,
    shown: Shown,
    application: Application,
}

async fn review_page(app: &App, frame: Frame) -> Result<Html<String>, Error> {
    let application = Application::load(app, &frame.account.person.id).await?;
    page(&ReviewPage { frame, shown: Shown { step: "review", saved_at: None, wrong: "" }, application })
}

async fn review(
    State(app): State<App>,
    OfCompany(account): OfCompany,
    Query(done): Query<Done>,
) -> Result<Html<String>, Error> {
    review_page(&app, Frame::new(&app, account, "/application").await?.notice(&done)).await
}

#[derive(Deserialize)]
struct Nothing {}

async fn submit(
    State(app): State<App>,
    _: OfCompany,
    SignedForm(account, Nothing {}): SignedForm<Nothing>,
) -> Result<Response, Error> {
    let person = account.person.id.clone();
    if Application::load(&app, &person).await?.unfinished().is_some() {
        let problem = "A step is not complete yet. Complete it, then submit.";
        let frame = Frame::new(&app, account, "/application").await?.problem(problem);
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, review_page(&app, frame).await?).into_response());
    }
    let now = Utc::now();
    if applications::submit(&app.db, &person, now).await? {
        let body = "We check the details of your company against the register. You will hear from us within five working days.";
        messages::send(&app, &person, "We have received your application", body, now).await?;
    }
    Ok(Redirect::to("/application/review?done=submitted").into_response())
}
