//! Codes: how long they are good, by which ways they come, and who decides about them.

use serde::Deserialize;
use understudy_protocol::{Channel, Mode, Recipient, Role};

use super::{ConfigError, not_allowed};

#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Code {
    pub channels: Vec<Channel>,
    /// Minutes that a code is good, from its delivery.
    pub minutes: u32,
    /// Wrong tries that end a request.
    pub tries: u8,
    /// Requests at once; then one a minute.
    pub burst: u32,
    pub per_hour: u32,
    /// Who decides about a code, where no rule says otherwise.
    pub recipient: Recipient,
    /// The first that matches counts.
    pub rule: Vec<CodeRule>,
    /// Minutes that a request waits for an approver.
    pub pending_minutes: u32,
}

/// Who decides about the codes of some requests.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodeRule {
    /// Whoever has this role, among others; anybody where it is missing.
    pub role: Option<Role>,
    /// Both where it is missing.
    pub mode: Option<Mode>,
    pub recipient: Recipient,
}

impl Code {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if self.channels.is_empty() {
            return not_allowed("code.channels", "[]", "\"email\", \"app\" or both");
        }
        let mut recipients = self.rule.iter().map(|rule| rule.recipient).chain([self.recipient]);
        if recipients.any(|to| to == Recipient::Person) && !self.channels.contains(&Channel::Email) {
            let allowed = "\"email\" among them, because codes reach people by e-mail";
            return not_allowed("code.channels", "[\"app\"]", allowed);
        }
        Ok(())
    }

    pub fn recipient_of(&self, roles: &[Role], mode: Mode) -> Recipient {
        let matches = |rule: &&CodeRule| {
            rule.role.is_none_or(|role| roles.contains(&role))
                && rule.mode.is_none_or(|wanted| wanted == mode)
        };
        self.rule.iter().find(matches).map_or(self.recipient, |rule| rule.recipient)
    }
}

impl Default for Code {
    fn default() -> Self {
        Self {
            channels: vec![Channel::Email, Channel::App],
            minutes: 10,
            tries: 3,
            burst: 3,
            per_hour: 20,
            recipient: Recipient::default(),
            rule: vec![],
            pending_minutes: 60,
        }
    }
}

#[cfg(test)]
mod tests {
    use understudy_protocol::{Mode as M, Recipient as To, Role as R};

    use crate::config::Config;

    #[test]
    fn the_first_rule_that_matches_says_who_decides_about_a_code() {
        let rules = "[[code.rule]]\nrole = \"admin\"\nrecipient = \"requester\"\n\
                     [[code.rule]]\nrole = \"support\"\nmode = \"act\"\nrecipient = \"approver\"";
        let code = toml::from_str::<Config>(rules).expect("config").code;
        for (roles, mode, recipient) in [
            (&[R::Support][..], M::Act, To::Approver),
            (&[R::Support], M::View, To::Requester),
            (&[R::Support, R::Lead], M::Act, To::Approver),
            (&[R::Support, R::Admin], M::Act, To::Requester),
        ] {
            assert_eq!(code.recipient_of(roles, mode), recipient, "{roles:?} {mode:?}");
        }
    }
}
