//! The ways through the app that more than one test takes.

use uuid::Uuid;

use super::{App, PASSWORD, PERSON, PERSON_NAME, REASON, SOON, Staff, View, World, authenticator, id, until};

impl App {
    /// From the first start to the workspace.
    pub async fn sign_in(&self, world: &World, staff: &Staff) -> anyhow::Result<()> {
        self.fill(View::Main, &id("server-url"), world.services.api.as_str()).await?;
        self.click(View::Main, &id("server-continue")).await?;
        self.sign_in_again(staff).await
    }

    /// Where the server is known already.
    pub async fn sign_in_again(&self, staff: &Staff) -> anyhow::Result<()> {
        self.fill(View::Main, &id("email"), staff.email).await?;
        self.fill(View::Main, &id("password"), PASSWORD).await?;
        self.click(View::Main, &id("sign-in")).await?;
        self.see(View::Main, &id("nav-history")).await?;
        Ok(())
    }

    /// "Impersonation" from the rail, up to the form about this person.
    pub async fn open_form(&self, person: &str) -> anyhow::Result<()> {
        self.click(View::Main, &id("nav-impersonation")).await?;
        self.fill(View::Main, &id("identifier"), person).await?;
        self.click(View::Main, &id("find-person")).await
    }

    /// From there to the sent request. Answers with its ID.
    pub async fn request_code(&self, world: &World, person: &str, mode: &str) -> anyhow::Result<Uuid> {
        self.open_form(person).await?;
        self.fill_in_request(mode).await?;
        self.click(View::Main, &id("request-code")).await?;
        self.see(View::Main, &id("code-time")).await?;
        Ok(world.services.newest().await?.id)
    }

    pub async fn fill_in_request(&self, mode: &str) -> anyhow::Result<()> {
        self.fill(View::Main, &id("reason"), REASON).await?;
        self.fill(View::Main, &id("ticket"), "HELP-2041").await?;
        // Where there is more than one way to agree, none is taken for granted.
        let stated = id("evidence-statement");
        if self.shows(View::Main, &stated).await? {
            self.click(View::Main, &stated).await?;
        }
        self.fill(View::Main, &id("consent-given-by"), PERSON_NAME).await?;
        self.fill(View::Main, &id("consent-reference"), "Call 4711").await?;
        self.click(View::Main, &id("means-phone")).await?;
        self.click(View::Main, &id(&format!("mode-{mode}"))).await
    }

    pub async fn enter_code(&self, code: &str) -> anyhow::Result<()> {
        self.type_code(code).await?;
        self.see(View::Main, &id("ready-sentence")).await?;
        Ok(())
    }

    pub async fn type_code(&self, code: &str) -> anyhow::Result<()> {
        self.keys(View::Main, "[data-testid=code] input, input[data-testid=code]", code).await?;
        self.click(View::Main, &id("verify-code")).await
    }

    /// The authenticator app is set up where that is asked for, up to the recovery codes. Answers with its secret.
    pub async fn scan(&self) -> anyhow::Result<String> {
        self.fill(View::Main, &id("enrol-password"), PASSWORD).await?;
        self.click(View::Main, &id("enrol-next")).await?;
        self.see(View::Main, &id("enrol-qr")).await?;
        let secret = self.text(View::Main, &id("enrol-secret")).await?.replace(char::is_whitespace, "");
        self.fill(View::Main, &id("enrol-code"), &authenticator(&secret)?).await?;
        self.click(View::Main, &id("enrol-confirm")).await?;
        self.see(View::Main, &id("recovery-codes")).await?;
        // They are neither copied nor printed, so it is asked: the next click says that they are written down.
        self.click(View::Main, &id("recovery-kept")).await?;
        self.see(View::Main, &id("recovery-unsaved")).await?;
        Ok(secret)
    }

    /// A colleague's report opens once the second factor is set up, where it was not. Answers with its secret.
    pub async fn unseal(&self) -> anyhow::Result<String> {
        self.see(View::Main, &id("report-sealed")).await?;
        let secret = self.scan().await?;
        self.click(View::Main, &id("recovery-kept")).await?;
        self.see(View::Main, &id("report")).await?;
        Ok(secret)
    }

    /// From the usage rules to the stage, the second factor with it.
    pub async fn start_session(&self) -> anyhow::Result<()> {
        let start = format!("{}, {}", id("enrol-password"), id("start"));
        self.see(View::Main, &start).await?;
        if self.shows(View::Main, &id("enrol-password")).await? {
            self.scan().await?;
            self.click(View::Main, &id("recovery-kept")).await?;
        }
        self.click(View::Main, &id("start")).await
    }

    /// WebDriver's webviews share one store, which is emptied with the stage: what the main window had kept in it,
    /// such as its language, comes from the settings again.
    pub async fn look_again(&self) -> anyhow::Result<()> {
        self.script(View::Main, "window.leaving = true; location.reload()", vec![]).await?;
        until("the main window is loaded again", SOON, async || {
            let gone = self.script(View::Main, "return window.leaving === undefined", vec![]).await?;
            Ok((gone == true).then_some(()))
        })
        .await?;
        self.see(View::Main, &id("nav-history")).await?;
        Ok(())
    }

    /// All the way to the person's dashboard on the stage. Answers with the session's ID.
    pub async fn step_in(&self, world: &World, staff: &Staff, mode: &str) -> anyhow::Result<Uuid> {
        self.step_in_as(PERSON, world, staff, mode).await
    }

    pub async fn step_in_as(
        &self,
        person: &str,
        world: &World,
        staff: &Staff,
        mode: &str,
    ) -> anyhow::Result<Uuid> {
        let session = self.request_code(world, person, mode).await?;
        let name = world.services.newest().await?.person_name;
        self.enter_code(&world.mail.newest(staff.email, 1).await?.code()).await?;
        self.start_session().await?;
        self.reads(View::Bar, &id("bar-name"), &name).await?;
        self.reads(View::Platform, "h1", &name).await?;
        Ok(session)
    }
}
