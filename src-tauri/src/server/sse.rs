//! Reads a stream of server-sent events (WHATWG HTML, section 9.2).

/// A line longer than this is not one of ours.
const LONGEST_LINE: usize = 1 << 20;

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Message {
    /// The last `id:` seen, also from earlier messages.
    pub(super) id: Option<String>,
    /// None where the block had only an `id:`.
    pub(super) data: Option<String>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct LineTooLong;

#[derive(Default)]
pub(super) struct Parser {
    line: Vec<u8>,
    id: Option<String>,
    data: Option<String>,
    named: bool,
}

impl Parser {
    /// Takes the next bytes and gives the messages that became whole.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Result<Vec<Message>, LineTooLong> {
        let mut messages = Vec::new();
        for &byte in bytes {
            if byte == b'\n' {
                let line = std::mem::take(&mut self.line);
                let line = String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(&line)).into_owned();
                messages.extend(self.take(&line));
            } else if self.line.len() >= LONGEST_LINE {
                return Err(LineTooLong);
            } else {
                self.line.push(byte);
            }
        }
        Ok(messages)
    }

    fn take(&mut self, line: &str) -> Option<Message> {
        if line.is_empty() {
            let named = std::mem::take(&mut self.named);
            let data = self.data.take();
            return (named || data.is_some()).then(|| Message { id: self.id.clone(), data });
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "id" => {
                self.id = Some(value.to_owned());
                self.named = true;
            }
            "data" => match &mut self.data {
                Some(data) => {
                    data.push('\n');
                    data.push_str(value);
                }
                None => self.data = Some(value.to_owned()),
            },
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(id: &str, data: Option<&str>) -> Message {
        Message { id: Some(id.into()), data: data.map(Into::into) }
    }

    #[test]
    fn messages_come_whole_however_the_bytes_are_cut() {
        let stream = ": hello\n\nid: 7\ndata: {\"a\":1}\n\nid: 8\r\ndata: x\r\ndata: y\r\n\r\n";
        let expected = vec![message("7", Some("{\"a\":1}")), message("8", Some("x\ny"))];
        assert_eq!(Parser::default().feed(stream.as_bytes()), Ok(expected));
        let mut parser = Parser::default();
        let one_by_one: Vec<Message> =
            stream.bytes().flat_map(|byte| parser.feed(&[byte]).unwrap_or_default()).collect();
        assert_eq!(one_by_one.len(), 2);
        assert_eq!(one_by_one[1], message("8", Some("x\ny")));
    }

    #[test]
    fn a_block_with_only_an_id_moves_the_cursor() {
        assert_eq!(Parser::default().feed(b"id: 41\n\n"), Ok(vec![message("41", None)]));
    }

    #[test]
    fn comments_and_an_unfinished_message_give_nothing() {
        assert_eq!(Parser::default().feed(b": keep-alive\n\ndata: half\n"), Ok(vec![]));
    }

    #[test]
    fn an_endless_line_is_refused() {
        assert_eq!(Parser::default().feed(&vec![b'x'; LONGEST_LINE + 1]), Err(LineTooLong));
    }
}
