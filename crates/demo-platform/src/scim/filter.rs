//! The part of the SCIM filter language (RFC 7644, section 3.4.2.2) that a directory search needs:
//! `eq`, `co`, `sw`, `and`, `or`, `not ( )` and parentheses, over a handful of attributes.

use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};

/// Deeper nesting is refused: the parser recurses.
const MAX_DEPTH: usize = 32;

/// An attribute that can be filtered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Attribute {
    Id,
    UserName,
    Emails,
    DisplayName,
    UserType,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Equals,
    Contains,
    StartsWith,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Filter {
    /// The value is in lower case, and without marks where they do not matter.
    Compare(Attribute, Operator, String),
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
    Not(Box<Self>),
}

impl Filter {
    /// Fails with a sentence that says what is wrong.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut parser = Parser { tokens: tokens(text)?, next: 0, depth: 0 };
        let filter = parser.or()?;
        match parser.take() {
            None => Ok(filter),
            Some(token) => Err(format!("Unexpected {token} after the filter.")),
        }
    }

    pub(super) fn matches<'a>(&self, value: &impl Fn(Attribute) -> &'a str) -> bool {
        match self {
            Self::Compare(attribute, operator, wanted) => {
                let value = value(*attribute).to_lowercase();
                match operator {
                    Operator::Equals => value == *wanted,
                    // People are looked for on any keyboard.
                    Operator::Contains => unmarked(value).contains(wanted),
                    Operator::StartsWith => unmarked(value).starts_with(wanted),
                }
            }
            Self::And(left, right) => left.matches(value) && right.matches(value),
            Self::Or(left, right) => left.matches(value) || right.matches(value),
            Self::Not(inner) => !inner.matches(value),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Open,
    Close,
    Word(String),
    Text(String),
}

impl std::fmt::Display for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Open => f.write_str("“(”"),
            Self::Close => f.write_str("“)”"),
            Self::Word(word) => write!(f, "“{word}”"),
            Self::Text(text) => write!(f, "the text \"{text}\""),
        }
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, length) = match first {
            '(' => (Token::Open, 1),
            ')' => (Token::Close, 1),
            // A value is a JSON string; serde_json reads it and says where it ended.
            '"' => {
                let mut values = serde_json::Deserializer::from_str(rest).into_iter::<String>();
                let value = values.next().and_then(Result::ok).ok_or("A text has no end or a bad escape.")?;
                (Token::Text(value), values.byte_offset())
            }
            _ => {
                let length =
                    rest.find(|c: char| c.is_whitespace() || "()\"".contains(c)).unwrap_or(rest.len());
                (Token::Word(rest[..length].to_owned()), length)
            }
        };
        tokens.push(token);
        rest = rest[length..].trim_start();
    }
    Ok(tokens)
}

struct Parser {
    tokens: Vec<Token>,
    next: usize,
    depth: usize,
}

impl Parser {
    fn take(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.next).cloned();
        self.next += 1;
        token
    }

    fn take_keyword(&mut self, keyword: &str) -> bool {
        let found = matches!(self.tokens.get(self.next), Some(Token::Word(word)) if word.eq_ignore_ascii_case(keyword));
        self.next += usize::from(found);
        found
    }

    fn or(&mut self) -> Result<Filter, String> {
        let mut left = self.and()?;
        while self.take_keyword("or") {
            left = Filter::Or(Box::new(left), Box::new(self.and()?));
        }
        Ok(left)
    }

    fn and(&mut self) -> Result<Filter, String> {
        let mut left = self.term()?;
        while self.take_keyword("and") {
            left = Filter::And(Box::new(left), Box::new(self.term()?));
        }
        Ok(left)
    }

    fn term(&mut self) -> Result<Filter, String> {
        if self.take_keyword("not") {
            return match self.take() {
                Some(Token::Open) => Ok(Filter::Not(Box::new(self.group()?))),
                _ => Err("“not” needs parentheses.".into()),
            };
        }
        match self.take() {
            Some(Token::Open) => self.group(),
            Some(Token::Word(attribute)) => self.comparison(&attribute),
            Some(token) => Err(format!("Expected an attribute, found {token}.")),
            None => Err("Expected an attribute, found the end.".into()),
        }
    }

    /// What follows an opening parenthesis.
    fn group(&mut self) -> Result<Filter, String> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err("The filter is nested too deeply.".into());
        }
        let inner = self.or()?;
        self.depth -= 1;
        match self.take() {
            Some(Token::Close) => Ok(inner),
            _ => Err("A parenthesis is not closed.".into()),
        }
    }

    fn comparison(&mut self, attribute: &str) -> Result<Filter, String> {
        let attribute = match attribute.to_ascii_lowercase().as_str() {
            "id" => Attribute::Id,
            "username" => Attribute::UserName,
            "emails" | "emails.value" => Attribute::Emails,
            "displayname" => Attribute::DisplayName,
            "usertype" => Attribute::UserType,
            _ => return Err(format!("The attribute “{attribute}” cannot be filtered by.")),
        };
        let operator = match self.take() {
            Some(Token::Word(word)) => match word.to_ascii_lowercase().as_str() {
                "eq" => Operator::Equals,
                "co" => Operator::Contains,
                "sw" => Operator::StartsWith,
                _ => return Err(format!("The operator “{word}” is not supported; use eq, co or sw.")),
            },
            _ => return Err("An operator is missing; use eq, co or sw.".into()),
        };
        match self.take() {
            Some(Token::Text(value)) => {
                let value = value.to_lowercase();
                let value = if operator == Operator::Equals { value } else { unmarked(value) };
                Ok(Filter::Compare(attribute, operator, value))
            }
            _ => Err("A value is missing; write it in double quotes.".into()),
        }
    }
}

/// Where a name stands in an alphabet: accents do not count, nor do the strokes that Unicode takes for letters.
pub fn sorted_as(name: &str) -> String {
    unmarked(name.to_lowercase()).replace('ł', "l").replace('ø', "o").replace('æ', "ae").replace('œ', "oe")
}

/// Without accents and the like.
fn unmarked(text: String) -> String {
    if text.is_ascii() {
        return text;
    }
    text.nfd().filter(|letter| !is_combining_mark(*letter)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(filter: &str) -> bool {
        let filter = Filter::parse(filter).unwrap_or_else(|error| panic!("{filter}: {error}"));
        filter.matches(&|attribute| match attribute {
            Attribute::Id => "INV-000137",
            Attribute::UserName | Attribute::Emails => "elise.marchand@example.com",
            Attribute::DisplayName => "Élise \"Lili\" Marchand",
            Attribute::UserType => "Investor",
        })
    }

    #[test]
    fn comparisons_ignore_case_in_names_operators_and_values() {
        assert!(matches(r#"displayName co "éLISE""#));
        assert!(matches(r#"displayName co "elise""#) && matches(r#"displayName sw "É""#));
        assert!(!matches(r#"displayName eq "elise""#));
        assert!(matches(r#"USERNAME SW "Elise.""#));
        assert!(matches(r#"emails.value eq "elise.marchand@EXAMPLE.com""#));
        assert!(!matches(r#"id eq "INV-00013""#));
    }

    #[test]
    fn accents_do_not_move_a_name_behind_the_z() {
        let mut names = ["Zoé", "Łukasz", "Élise", "Marc", "Ömer", "Emil"];
        names.sort_by_cached_key(|name| sorted_as(name));
        assert_eq!(names, ["Élise", "Emil", "Łukasz", "Marc", "Ömer", "Zoé"]);
    }

    #[test]
    fn and_binds_tighter_than_or() {
        assert!(matches(r#"id sw "INV" or id sw "COM" and userType eq "Company""#));
        assert!(!matches(r#"(id sw "INV" or id sw "COM") and userType eq "Company""#));
        assert!(matches(r#"not (userType eq "Company") and not(id eq "x")"#));
    }

    #[test]
    fn values_are_json_strings() {
        assert!(matches(r#"displayName co "\"lili\"""#));
        assert!(matches(r#"displayName sw "\u00c9lise""#));
    }

    #[test]
    fn what_cannot_be_understood_is_refused() {
        let deep = "(".repeat(5000);
        for filter in [
            "",
            "id",
            "id eq",
            "id eq 7",
            r#"id ne "x""#,
            r#"password eq "x""#,
            r#"id eq "x"#,
            r#"id eq "x" id"#,
            r#"(id eq "x""#,
            r#"not id eq "x""#,
            r#"id eq "x" and"#,
            r#"emails[type eq "work"]"#,
            deep.as_str(),
        ] {
            assert!(Filter::parse(filter).is_err(), "{filter}");
        }
    }
}
