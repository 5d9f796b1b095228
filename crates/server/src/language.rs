//! The two languages in which the server speaks to people: mails, pages, what they are asked.

use serde::Deserialize;
use understudy_protocol::Said;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Language {
    #[serde(rename = "en")]
    English,
    #[serde(rename = "fr")]
    French,
}

impl Language {
    /// The first of these tags (BCP 47) that is one of ours, such as of `fr-CH, en;q=0.8`: so stand languages in
    /// `Accept-Language`, and in SCIM's `preferredLanguage`.
    pub fn wanted(tags: &str) -> Option<Self> {
        tags.split(',').find_map(|tag| {
            match tag.trim().split(['-', '_', ';']).next()?.to_lowercase().as_str() {
                "en" => Some(Self::English),
                "fr" => Some(Self::French),
                _ => None,
            }
        })
    }

    /// What is said in it.
    pub fn say<T>(self, en: T, fr: T) -> T {
        match self {
            Self::English => en,
            Self::French => fr,
        }
    }

    pub fn read(self, Said { en, fr }: Said) -> String {
        self.say(en, fr)
    }
}

#[cfg(test)]
mod tests {
    use super::Language;

    #[test]
    fn a_language_is_known_by_its_tags() {
        for tags in ["fr", "FR", "fr-CH", "fr_CA", "fr,en;q=0.8", "de-DE, fr;q=0.7, en;q=0.5"] {
            assert_eq!(Language::wanted(tags), Some(Language::French), "{tags}");
        }
        assert_eq!(Language::wanted("en-GB, fr"), Some(Language::English));
        for tags in ["", "de", "fro", "-fr", "*"] {
            assert_eq!(Language::wanted(tags), None, "{tags}");
        }
    }
}
