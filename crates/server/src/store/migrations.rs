//! The schema, step by step.

use sea_orm_migration::{
    prelude::*,
    schema::{
        big_integer, big_integer_null, blob, blob_null, boolean, integer, string, text, text_null, uuid,
        uuid_null,
    },
};

pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(First),
            Box::new(SecondFactor),
            Box::new(Idle),
            Box::new(StaffPerson),
            Box::new(Switch),
            Box::new(NoteLifted),
            Box::new(Approval),
            Box::new(PersonsSide),
            Box::new(Raises),
            Box::new(Reviews),
            Box::new(PersonLanguage),
        ]
    }
}

struct First;

impl MigrationName for First {
    fn name(&self) -> &'static str {
        "m0001_first"
    }
}

fn table(name: &'static str, columns: impl IntoIterator<Item = ColumnDef>) -> TableCreateStatement {
    let mut table = Table::create();
    table.table(Alias::new(name));
    for column in columns {
        table.col(column);
    }
    table
}

fn key(mut column: ColumnDef) -> ColumnDef {
    column.primary_key();
    column
}

fn unique(mut column: ColumnDef) -> ColumnDef {
    column.unique_key();
    column
}

fn numbered(name: &'static str) -> ColumnDef {
    let mut column = big_integer(name);
    column.auto_increment().primary_key();
    column
}

#[async_trait::async_trait]
impl MigrationTrait for First {
    // The trait's attribute macro wants the lifetime left out.
    #[allow(elided_lifetimes_in_paths)]
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let tables = [
            table(
                "staff",
                [
                    key(uuid("id")),
                    unique(string("email")),
                    text("name"),
                    text("password_hash"),
                    text("roles"),
                    big_integer("created_at"),
                    big_integer_null("disabled_at"),
                ],
            ),
            table(
                "sign_in",
                [
                    key(uuid("id")),
                    uuid("staff_id"),
                    unique(blob("access_mac")),
                    big_integer("access_expires_at"),
                    boolean("access_used"),
                    big_integer("refresh_expires_at"),
                    big_integer("created_at"),
                    big_integer_null("ended_at"),
                ],
            ),
            table(
                "refresh_token",
                [key(blob("mac")), uuid("sign_in_id"), big_integer_null("used_at"), blob_null("successor")],
            ),
            table("sign_in_failure", [numbered("id"), text("email"), big_integer("at")]),
            table(
                "impersonation",
                [
                    key(uuid("id")),
                    big_integer("version"),
                    uuid("staff_id"),
                    uuid("sign_in_id"),
                    text("person_id"),
                    text("person_kind"),
                    text("person_name"),
                    text("reason"),
                    text_null("ticket"),
                    text("mode"),
                    text("consent"),
                    big_integer("created_at"),
                    string("state"),
                    big_integer_null("due_at"),
                    integer("tries_left"),
                    big_integer_null("delivered_at"),
                    big_integer_null("started_at"),
                    big_integer_null("limit_at"),
                    big_integer_null("lease_until"),
                    big_integer_null("ended_at"),
                    text_null("cause"),
                    blob_null("code_mac"),
                    blob_null("code_sealed"),
                    blob_null("token_mac"),
                    unique(blob_null("handoff_mac")),
                    big_integer_null("handoff_expires_at"),
                    unique(uuid_null("open_staff")),
                    {
                        let mut column = ColumnDef::new("live_person");
                        column.string().null().unique_key();
                        column
                    },
                ],
            ),
            table("gateway_cookie", [key(blob("mac")), uuid("session_id"), integer("origin")]),
            {
                let mut jar = table(
                    "jar_cookie",
                    [
                        uuid("session_id"),
                        string("domain"),
                        string("path"),
                        string("name"),
                        boolean("host_only"),
                        boolean("secure"),
                        blob("sealed"),
                        big_integer_null("expires_at"),
                    ],
                );
                jar.primary_key(Index::create().col("session_id").col("domain").col("path").col("name"));
                jar
            },
            table(
                "delivery",
                [
                    numbered("id"),
                    uuid("request_id"),
                    text("channel"),
                    text_null("address"),
                    text("state"),
                    integer("tries"),
                    big_integer("next_at"),
                ],
            ),
            table(
                "note",
                [
                    key(uuid("session_id")),
                    uuid("staff_id"),
                    text("what"),
                    text("why"),
                    boolean("solved"),
                    big_integer("written_at"),
                ],
            ),
            table(
                "event",
                [
                    numbered("id"),
                    big_integer("at"),
                    uuid("staff_id"),
                    boolean("overseers"),
                    uuid_null("sign_in_id"),
                    text("payload"),
                ],
            ),
            table(
                "ledger_entry",
                [
                    key(big_integer("idx")),
                    blob("leaf"),
                    blob("salt"),
                    text_null("details"),
                    uuid_null("session_id"),
                    string("kind"),
                    big_integer("at"),
                ],
            ),
            table("installation", [key(integer("id")), blob("key_check")]),
            table(
                "ledger_head",
                [
                    key(integer("id")),
                    big_integer("size"),
                    blob("root"),
                    blob("frontier"),
                    big_integer("last_at"),
                ],
            ),
        ];
        for table in tables {
            manager.create_table(table).await?;
        }
        for (name, table, columns) in [
            ("sign_in_by_staff", "sign_in", &["staff_id"][..]),
            ("refresh_token_by_sign_in", "refresh_token", &["sign_in_id"]),
            ("sign_in_failure_by_email", "sign_in_failure", &["email", "at"]),
            ("impersonation_by_staff", "impersonation", &["staff_id", "created_at"]),
            ("impersonation_by_person", "impersonation", &["person_id", "started_at"]),
            ("impersonation_by_state", "impersonation", &["state"]),
            ("impersonation_by_start", "impersonation", &["started_at"]),
            ("gateway_cookie_by_session", "gateway_cookie", &["session_id"]),
            ("delivery_by_request", "delivery", &["request_id"]),
            ("delivery_by_state", "delivery", &["state", "next_at"]),
            ("ledger_entry_by_session", "ledger_entry", &["session_id", "idx"]),
        ] {
            let mut index = Index::create();
            index.name(name).table(Alias::new(table));
            for column in columns {
                index.col(Alias::new(*column));
            }
            manager.create_index(index).await?;
        }
        let root = understudy_ledger::Frontier::default().head().root.to_vec();
        let mut head = Query::insert();
        head.into_table(Alias::new("ledger_head"))
            .columns(["id", "size", "root", "frontier", "last_at"].map(Alias::new))
            .values_panic([1.into(), 0i64.into(), root.into(), Vec::<u8>::new().into(), 0i64.into()]);
        manager.execute(head).await
    }
}

struct SecondFactor;

impl MigrationName for SecondFactor {
    fn name(&self) -> &'static str {
        "m0002_second_factor"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for SecondFactor {
    #[allow(elided_lifetimes_in_paths)]
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut sign_in = Table::alter();
        sign_in.table(Alias::new("sign_in")).add_column(big_integer_null("second_factor_at"));
        manager.alter_table(sign_in).await?;
        for table in [
            table(
                "second_factor",
                [key(uuid("staff_id")), blob_null("secret"), blob_null("pending"), big_integer("last_step")],
            ),
            table("recovery_code", [key(blob("mac")), uuid("staff_id")]),
            table("failed_attempt", [numbered("id"), text("what"), big_integer("at")]),
        ] {
            manager.create_table(table).await?;
        }
        // It remembered five minutes of failed sign-ins, which need not be carried over.
        let mut narrower = Table::drop();
        narrower.table(Alias::new("sign_in_failure"));
        manager.drop_table(narrower).await?;
        for (name, table, column) in [
            ("recovery_code_by_staff", "recovery_code", "staff_id"),
            ("failed_attempt_by_what", "failed_attempt", "what"),
        ] {
            let mut index = Index::create();
            index.name(name).table(Alias::new(table)).col(Alias::new(column));
            manager.create_index(index).await?;
        }
        Ok(())
    }
}

struct Idle;

impl MigrationName for Idle {
    fn name(&self) -> &'static str {
        "m0003_idle"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Idle {
    #[allow(elided_lifetimes_in_paths)]
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut impersonation = Table::alter();
        impersonation.table(Alias::new("impersonation")).add_column(big_integer_null("idle_at"));
        manager.alter_table(impersonation).await?;
        // A session that lives through the upgrade of its server has until its limit.
        let mut live = Query::update();
        live.table(Alias::new("impersonation"))
            .value("idle_at", Expr::col("limit_at"))
            .and_where(Expr::col("state").eq("live"));
        manager.execute(live).await
    }
}

struct StaffPerson;

impl MigrationName for StaffPerson {
    fn name(&self) -> &'static str {
        "m0004_staff_person"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for StaffPerson {
    #[allow(elided_lifetimes_in_paths)]
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut staff = Table::alter();
        staff.table(Alias::new("staff")).add_column(text_null("person_id"));
        manager.alter_table(staff).await?;
        let mut index = Index::create();
        index.name("staff_by_person").table(Alias::new("staff")).col(Alias::new("person_id"));
        manager.create_index(index).await
    }
}

struct Switch;

impl MigrationName for Switch {
    fn name(&self) -> &'static str {
        "m0005_switch"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Switch {
    #[allow(elided_lifetimes_in_paths)]
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(table("switch", [key(integer("id")), boolean("is_on")])).await?;
        let mut on = Query::insert();
        on.into_table(Alias::new("switch"))
            .columns(["id", "is_on"].map(Alias::new))
            .values_panic([1.into(), true.into()]);
        manager.execute(on).await
    }
}

struct NoteLifted;

impl MigrationName for NoteLifted {
    fn name(&self) -> &'static str {
        "m0006_note_lifted"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for NoteLifted {
    #[allow(elided_lifetimes_in_paths)]
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut impersonation = Table::alter();
        impersonation.table(Alias::new("impersonation")).add_column(big_integer_null("note_lifted_at"));
        manager.alter_table(impersonation).await
    }
}

struct Approval;

impl MigrationName for Approval {
    fn name(&self) -> &'static str {
        "m0007_approval"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Approval {
    #[allow(elided_lifetimes_in_paths)]
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in [
            text_null("recipient"),
            uuid_null("taken_by"),
            big_integer_null("taken_until"),
            text_null("denial"),
        ] {
            let mut impersonation = Table::alter();
            impersonation.table(Alias::new("impersonation")).add_column(column);
            manager.alter_table(impersonation).await?;
        }
        Ok(())
    }
}

struct Raises;

impl MigrationName for Raises {
    fn name(&self) -> &'static str {
        "m0009_raises"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Raises {
    #[allow(elided_lifetimes_in_paths)]
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in [
            uuid_null("raises"),
            uuid_null("raised_by"),
            uuid_null("open_raise"),
            uuid_null("resumes"),
            big_integer_null("consent_until"),
            big_integer_null("extended_at"),
            text_null("answered"),
        ] {
            let mut impersonation = Table::alter();
            impersonation.table(Alias::new("impersonation")).add_column(column);
            manager.alter_table(impersonation).await?;
        }
        let mut one = Index::create();
        one.name("one_open_raise").table(Alias::new("impersonation")).col(Alias::new("open_raise")).unique();
        manager.create_index(one).await?;
        // Until here there was one kind of evidence, and it had no name.
        let named = "UPDATE impersonation SET consent = '{\"evidence\":\"statement\",' || substr(consent, 2)";
        manager.get_connection().execute_unprepared(named).await?;
        Ok(())
    }
}

struct Reviews;

impl MigrationName for Reviews {
    fn name(&self) -> &'static str {
        "m0010_reviews"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Reviews {
    #[allow(elided_lifetimes_in_paths)]
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut impersonation = Table::alter();
        impersonation.table(Alias::new("impersonation")).add_column(big_integer_null("exception_at"));
        manager.alter_table(impersonation).await?;
        let review = [
            key(uuid("session_id")),
            uuid("staff_id"),
            string("verdict"),
            text("text"),
            big_integer("written_at"),
        ];
        manager.create_table(table("review", review)).await
    }
}

struct PersonsSide;

impl MigrationName for PersonsSide {
    fn name(&self) -> &'static str {
        "m0008_persons_side"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for PersonsSide {
    #[allow(elided_lifetimes_in_paths)]
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut impersonation = Table::alter();
        impersonation.table(Alias::new("impersonation")).add_column(text_null("person_email"));
        manager.alter_table(impersonation).await?;
        let consent = [
            key(uuid("id")),
            uuid("session_id"),
            string("scope"),
            big_integer("asked_at"),
            string("state"),
            big_integer("due_at"),
        ];
        manager.create_table(table("consent", consent)).await?;
        let link =
            [key(blob("mac")), string("person_id"), big_integer("expires_at"), big_integer_null("auth_time")];
        manager.create_table(table("person_link", link)).await?;
        let letter = [
            numbered("id"),
            string("kind"),
            uuid("session_id"),
            uuid_null("consent_id"),
            text("address"),
            string("state"),
            integer("tries"),
            big_integer("next_at"),
        ];
        manager.create_table(table("letter", letter)).await?;
        for (name, on, column) in
            [("consent_by_session", "consent", "session_id"), ("letter_by_state", "letter", "state")]
        {
            let mut index = Index::create();
            index.name(name).table(Alias::new(on)).col(Alias::new(column));
            manager.create_index(index).await?;
        }
        Ok(())
    }
}

struct PersonLanguage;

impl MigrationName for PersonLanguage {
    fn name(&self) -> &'static str {
        "m0011_person_language"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for PersonLanguage {
    #[allow(elided_lifetimes_in_paths)]
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut impersonation = Table::alter();
        impersonation.table(Alias::new("impersonation")).add_column(text_null("person_language"));
        manager.alter_table(impersonation).await
    }
}
