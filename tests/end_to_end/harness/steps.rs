//! The ways through the app that more than one test takes.

use uuid::Uuid;

use super::{App, PASSWORD, PERSON, PERSON_NAME, REASON, Staff, View, World, id};

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

    /// "Impersonation" from the rail, up to the sent request. Answers with its ID.
    pub async fn request_code(&self, world: &World, mode: &str) -> anyhow::Result<Uuid> {
        self.click(View::Main, &id("nav-impersonation")).await?;
        self.fill(View::Main, &id("identifier"), PERSON).await?;
        self.click(View::Main, &id("find-person")).await?;
        self.fill_in_request(mode).await?;
        self.click(View::Main, &id("request-code")).await?;
        self.see(View::Main, &id("code-time")).await?;
        Ok(world.services.newest().await?.id)
    }

    pub async fn fill_in_request(&self, mode: &str) -> anyhow::Result<()> {
        self.fill(View::Main, &id("reason"), REASON).await?;
        self.fill(View::Main, &id("ticket"), "HELP-2041").await?;
        self.fill(View::Main, &id("consent-given-by"), PERSON_NAME).await?;
        self.fill(View::Main, &id("consent-reference"), "Call 4711").await?;
        self.click(View::Main, &id("means-phone")).await?;
        self.click(View::Main, &id(&format!("mode-{mode}"))).await
    }

    pub async fn enter_code(&self, code: &str) -> anyhow::Result<()> {
        self.keys(View::Main, "[data-testid=code] input, input[data-testid=code]", code).await?;
        self.click(View::Main, &id("verify-code")).await?;
        self.see(View::Main, &id("start")).await?;
        Ok(())
    }

    /// All the way to the person's dashboard on the stage. Answers with the session's ID.
    pub async fn step_in(&self, world: &World, staff: &Staff, mode: &str) -> anyhow::Result<Uuid> {
        let session = self.request_code(world, mode).await?;
        self.enter_code(&world.mail.newest(staff.email, 1).await?.code()).await?;
        self.click(View::Main, &id("start")).await?;
        self.reads(View::Bar, &id("bar-name"), PERSON_NAME).await?;
        self.reads(View::Platform, "h1", PERSON_NAME).await?;
        Ok(session)
    }
}
