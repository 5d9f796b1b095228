//! The rows. Times are milliseconds since the Unix epoch, UTC.

pub mod staff {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "staff")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// Lower case.
        pub email: String,
        pub name: String,
        pub password_hash: String,
        /// Role names, joined by commas.
        pub roles: String,
        pub created_at: i64,
        pub disabled_at: Option<i64>,
        /// Whose account on the platform is theirs too: nobody is signed in as staff.
        pub person_id: Option<String>,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// One sign-in of a staff member: a family of refresh tokens.
pub mod sign_in {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "sign_in")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub staff_id: Uuid,
        pub access_mac: Vec<u8>,
        pub access_expires_at: i64,
        /// Whether the access token of the last refresh has arrived: it was used.
        pub access_used: bool,
        pub refresh_expires_at: i64,
        pub created_at: i64,
        pub ended_at: Option<i64>,
        /// When the second factor was shown last.
        pub second_factor_at: Option<i64>,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// The second factor of a staff member (TOTP, RFC 6238).
pub mod second_factor {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "second_factor")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub staff_id: Uuid,
        /// Sealed. Missing until the first code has been confirmed.
        pub secret: Option<Vec<u8>>,
        /// Sealed: a new one that waits for its first code.
        pub pending: Option<Vec<u8>>,
        /// The time step of the last code that was taken; none up to it is taken again.
        pub last_step: i64,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// A recovery code that is still good.
pub mod recovery_code {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "recovery_code")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub mac: Vec<u8>,
        pub staff_id: Uuid,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub mod refresh_token {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "refresh_token")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub mac: Vec<u8>,
        pub sign_in_id: Uuid,
        pub used_at: Option<i64>,
        /// The token that it was exchanged for.
        pub successor: Option<Vec<u8>>,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// A failed try at what somebody knows, for throttling.
pub mod failed_attempt {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "failed_attempt")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        /// The kind of secret, and whose.
        pub what: String,
        pub at: i64,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// One impersonation, from its request to the end of its session.
pub mod impersonation {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "impersonation")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// Raised by each change of state: the "compare" of compare-and-set.
        pub version: i64,
        pub staff_id: Uuid,
        pub sign_in_id: Uuid,
        pub person_id: String,
        pub person_kind: String,
        pub person_name: String,
        pub reason: String,
        pub ticket: Option<String>,
        /// `view` or `act`.
        pub mode: String,
        /// Where the account of the session goes: the address that they had before it.
        pub person_email: Option<String>,
        /// As the directory has it (BCP 47).
        pub person_language: Option<String>,
        /// JSON of the protocol's `Consent`.
        pub consent: String,
        pub created_at: i64,

        /// Name of the state of the rules' machine.
        pub state: String,
        /// `give_up_at`, `expires_at` or `start_by`, as the state has it.
        pub due_at: Option<i64>,
        pub tries_left: i32,
        pub delivered_at: Option<i64>,
        pub started_at: Option<i64>,
        pub limit_at: Option<i64>,
        pub lease_until: Option<i64>,
        /// When it ends for want of input by hand.
        pub idle_at: Option<i64>,
        pub ended_at: Option<i64>,
        /// Why it was closed or ended.
        pub cause: Option<String>,

        pub code_mac: Option<Vec<u8>>,
        /// Kept only as long as the code may have to be shown or sent again.
        pub code_sealed: Option<Vec<u8>>,
        pub token_mac: Option<Vec<u8>>,
        pub handoff_mac: Option<Vec<u8>>,
        pub handoff_expires_at: Option<i64>,

        /// When an administrator gave up waiting for its note.
        pub note_lifted_at: Option<i64>,

        /// Who decides about the code; the requester where it is missing.
        pub recipient: Option<String>,
        /// The approver who has taken the request, and has handed over or denied its code if somebody has.
        pub taken_by: Option<Uuid>,
        /// Until when nobody else can take it.
        pub taken_until: Option<i64>,
        /// Why the code was denied.
        pub denial: Option<String>,
        /// What the person read and answered, word for word.
        pub answered: Option<String>,

        /// The session whose mode it raises; none where it is a session's own.
        pub raises: Option<Uuid>,
        /// The request that raised this session's mode.
        pub raised_by: Option<Uuid>,
        /// The session, lost with its app, that this one goes on with.
        pub resumes: Option<Uuid>,
        /// Until when the consent that it goes on with is good; as long as a session lasts where it is missing.
        pub consent_until: Option<i64>,
        /// When this session was given more time, the last time.
        pub extended_at: Option<i64>,

        /// When it began to rest on an exceptional case; none where it does not.
        pub exception_at: Option<i64>,

        /// The session that it raises, while it is open: one each.
        pub open_raise: Option<Uuid>,
        /// The staff member, while the request is open or the session live: one each.
        pub open_staff: Option<Uuid>,
        /// The person, while the session is live: one each.
        pub live_person: Option<String>,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// The cookie by which a gateway host knows a session.
pub mod gateway_cookie {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "gateway_cookie")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub mac: Vec<u8>,
        pub session_id: Uuid,
        /// Index of the platform origin it is for.
        pub origin: i32,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// A cookie that the platform set in a session; it never reaches the webview.
pub mod jar_cookie {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "jar_cookie")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub session_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub domain: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub path: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub name: String,
        pub host_only: bool,
        pub secure: bool,
        pub sealed: Vec<u8>,
        pub expires_at: Option<i64>,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub mod delivery {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "delivery")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub request_id: Uuid,
        /// `email` or `app`.
        pub channel: String,
        pub address: Option<String>,
        /// `sending`, `sent` or `failed`.
        pub state: String,
        pub tries: i32,
        /// When it is tried next; pushed on by whoever takes it, so that two servers do not send twice.
        pub next_at: i64,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub mod note {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "note")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub session_id: Uuid,
        pub staff_id: Uuid,
        pub what: String,
        pub why: String,
        pub solved: bool,
        pub written_at: i64,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// What a lead thinks of a session, as it stands.
pub mod review {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "review")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub session_id: Uuid,
        pub staff_id: Uuid,
        /// `justified` or `objected`.
        pub verdict: String,
        pub text: String,
        pub written_at: i64,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// A question to the person in a session, and its answer: consent to one sensitive change.
pub mod consent {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "consent")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub session_id: Uuid,
        pub scope: String,
        pub asked_at: i64,
        /// Name of the state of the rules' machine.
        pub state: String,
        pub due_at: i64,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// A way to the person's page: from a mail, or from the platform that vouches for them.
pub mod person_link {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "person_link")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub mac: Vec<u8>,
        pub person_id: String,
        pub expires_at: i64,
        /// When the person signed in on the platform, if it vouches for them.
        pub auth_time: Option<i64>,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// A mail to a person, or to the leads about them; what it says is written when it is sent.
pub mod letter {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "letter")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        /// `started`, `raised`, `exception`, `exception_raise`, `question` or `account`; `lead` for a team lead.
        pub kind: String,
        pub session_id: Uuid,
        pub consent_id: Option<Uuid>,
        pub address: String,
        /// `sending`, `sent` or `failed`.
        pub state: String,
        pub tries: i32,
        pub next_at: i64,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// What must be told to apps and to other servers.
pub mod event {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "event")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub at: i64,
        /// Whom it is for; nil for everybody.
        pub staff_id: Uuid,
        /// Also for everybody who may see all sessions.
        pub overseers: bool,
        /// The one sign-in it is for, where it is not for all of the staff member's.
        pub sign_in_id: Option<Uuid>,
        /// JSON of the protocol's `Event`.
        pub payload: String,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// The record. Written by `store::writer` alone.
pub mod ledger_entry {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "ledger_entry")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub idx: i64,
        pub leaf: Vec<u8>,
        pub salt: Vec<u8>,
        /// JSON; erased where the law asks for it.
        pub details: Option<String>,
        /// To find a session's entries; not part of the record.
        pub session_id: Option<Uuid>,
        /// To find entries; the leaf has the true one.
        pub kind: String,
        pub at: i64,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// One row: which key this database belongs to.
pub mod installation {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "installation")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i32,
        /// Keyed hash of a constant.
        pub key_check: Vec<u8>,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// One row: whether anybody may impersonate here.
pub mod switch {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "switch")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i32,
        pub is_on: bool,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// One row: where the next entry goes.
pub mod ledger_head {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "ledger_head")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i32,
        pub size: i64,
        pub root: Vec<u8>,
        pub frontier: Vec<u8>,
        /// Time of the last entry; the next is not dated before it.
        pub last_at: i64,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}
