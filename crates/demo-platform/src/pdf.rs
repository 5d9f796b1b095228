//! Statements as PDF: a heading, a few facts, one table, as many A4 pages as it takes.
//!
//! Set in Helvetica, which every reader has; nothing is embedded and nothing is compressed.

use axum::{
    http::header,
    response::{IntoResponse as _, Response},
};
use pdf_writer::{Content, Finish as _, Name, Pdf, Rect, Ref, Str, TextStr};

use crate::people::Person;

pub(crate) struct Statement<'a> {
    pub(crate) title: &'a str,
    pub(crate) facts: Vec<(&'static str, String)>,
    pub(crate) columns: &'a [Column],
    /// One text a column.
    pub(crate) rows: Vec<Vec<String>>,
    /// The last row, in bold.
    pub(crate) total: Option<Vec<String>>,
    pub(crate) note: &'a str,
}

/// Whose statement it is. Helvetica has no letters for every name: then the e-mail address stands for it.
pub(crate) fn holder(person: &Person) -> Vec<(&'static str, String)> {
    let name = if can_write(&person.display_name) { &person.display_name } else { &person.email };
    vec![("Account holder", name.clone()), ("Account", person.id.clone())]
}

pub(crate) struct Column {
    pub(crate) head: &'static str,
    /// Where it starts, or ends if its texts stand at the right; points from the left.
    pub(crate) at: f32,
    pub(crate) right: bool,
}

const WIDTH: f32 = 595.0;
const HEIGHT: f32 = 842.0;
const MARGIN: f32 = 56.0;
const LINE: f32 = 17.0;
const REGULAR: Name<'_> = Name(b"F1");
const BOLD: Name<'_> = Name(b"F2");

impl Statement<'_> {
    /// `name` is the file's, without its ending, in ASCII.
    pub(crate) fn download(&self, name: &str) -> Response {
        let disposition = format!("attachment; filename=\"{name}.pdf\"");
        let headers =
            [(header::CONTENT_TYPE, "application/pdf"), (header::CONTENT_DISPOSITION, &disposition)];
        (headers, self.write()).into_response()
    }

    fn write(&self) -> Vec<u8> {
        let mut sheet = Sheet::new();
        sheet.text(BOLD, 13.0, MARGIN, "Meridian");
        sheet.down(2.0 * LINE);
        sheet.text(BOLD, 20.0, MARGIN, self.title);
        sheet.down(2.0 * LINE);
        for (name, value) in &self.facts {
            sheet.text(REGULAR, 10.0, MARGIN, name);
            sheet.text(REGULAR, 10.0, 170.0, value);
            sheet.down(LINE);
        }
        sheet.down(LINE);
        self.head(&mut sheet);
        for row in &self.rows {
            if sheet.is_full() {
                sheet.turn();
                self.head(&mut sheet);
            }
            self.row(&mut sheet, REGULAR, row.iter().map(String::as_str));
        }
        if let Some(total) = &self.total {
            sheet.rule();
            self.row(&mut sheet, BOLD, total.iter().map(String::as_str));
        }
        sheet.down(LINE);
        sheet.text(REGULAR, 9.0, MARGIN, self.note);
        sheet.bind(self.title)
    }

    fn head(&self, sheet: &mut Sheet) {
        self.row(sheet, BOLD, self.columns.iter().map(|column| column.head));
        sheet.rule();
    }

    fn row<'a>(&self, sheet: &mut Sheet, font: Name<'_>, texts: impl Iterator<Item = &'a str>) {
        for (column, text) in self.columns.iter().zip(texts) {
            let start = if column.right { column.at - width(text, 10.0) } else { column.at };
            sheet.text(font, 10.0, start, text);
        }
        sheet.down(LINE);
    }
}

/// The page that is being written, and those before it.
struct Sheet {
    done: Vec<Content>,
    current: Content,
    y: f32,
}

impl Sheet {
    fn new() -> Self {
        Self { done: Vec::new(), current: Content::new(), y: HEIGHT - MARGIN }
    }

    fn text(&mut self, font: Name<'_>, size: f32, x: f32, text: &str) {
        self.current.begin_text();
        self.current.set_font(font, size);
        self.current.next_line(x, self.y);
        self.current.show(Str(&encode(text)));
        self.current.end_text();
    }

    fn down(&mut self, by: f32) {
        self.y -= by;
    }

    /// A line between the row above and the one below.
    fn rule(&mut self) {
        let y = self.y + LINE - 5.0;
        self.current.set_line_width(0.5);
        self.current.move_to(MARGIN, y);
        self.current.line_to(WIDTH - MARGIN, y);
        self.current.stroke();
        self.down(2.0);
    }

    /// Room is kept for a total, the note and the page number.
    fn is_full(&self) -> bool {
        self.y < MARGIN + 5.0 * LINE
    }

    fn turn(&mut self) {
        self.done.push(std::mem::replace(&mut self.current, Content::new()));
        self.y = HEIGHT - MARGIN;
    }

    fn bind(mut self, title: &str) -> Vec<u8> {
        self.turn();
        let count = self.done.len() as i32;
        let [catalog, tree, regular, bold, info] = [1, 2, 3, 4, 5].map(Ref::new);
        let page = |place: i32| Ref::new(6 + 2 * place);
        let content = |place: i32| Ref::new(7 + 2 * place);

        let mut pdf = Pdf::new();
        pdf.catalog(catalog).pages(tree).lang(TextStr("en"));
        pdf.document_info(info).title(TextStr(title)).producer(TextStr("Meridian"));
        pdf.pages(tree).kids((0..count).map(page)).count(count);
        for (id, font) in [(regular, &b"Helvetica"[..]), (bold, b"Helvetica-Bold")] {
            pdf.type1_font(id).base_font(Name(font)).encoding_predefined(Name(b"WinAnsiEncoding"));
        }
        for (place, text) in (0..count).zip(std::mem::take(&mut self.done)) {
            self.current = text;
            self.y = MARGIN / 2.0;
            self.text(REGULAR, 8.0, MARGIN, &format!("Page {} of {count}", place + 1));
            let text = std::mem::replace(&mut self.current, Content::new());
            pdf.stream(content(place), &text.finish());
            let mut sheet = pdf.page(page(place));
            sheet.media_box(Rect::new(0.0, 0.0, WIDTH, HEIGHT)).parent(tree).contents(content(place));
            sheet.resources().fonts().pair(REGULAR, regular).pair(BOLD, bold);
            sheet.finish();
        }
        pdf.finish()
    }
}

/// Whether [`encode`] keeps the text readable: false for Arabic, say.
fn can_write(text: &str) -> bool {
    !encode(text).contains(&b'?') || text.contains('?')
}

/// Windows-1252, as the fonts are told; letters of other alphabets of Latin lose their marks.
fn encode(text: &str) -> Vec<u8> {
    let byte = |c: char| match c {
        ' '..='~' | '\u{a0}'..='ÿ' => c as u8,
        '€' => 0x80,
        '…' => 0x85,
        'Š' => 0x8a,
        'Œ' => 0x8c,
        'Ž' => 0x8e,
        '’' => 0x92,
        '–' | '−' => 0x96,
        'š' => 0x9a,
        'œ' => 0x9c,
        'ž' => 0x9e,
        'Ÿ' => 0x9f,
        'ą' | 'ă' => b'a',
        'ć' | 'č' => b'c',
        'ę' => b'e',
        'ğ' => b'g',
        'ı' => b'i',
        'İ' => b'I',
        'Ł' => b'L',
        'ł' => b'l',
        'ń' => b'n',
        'Ś' | 'Ş' => b'S',
        'ś' | 'ş' => b's',
        'ź' | 'ż' => b'z',
        'Ż' => b'Z',
        _ => b'?',
    };
    text.chars().map(byte).collect()
}

/// Of an amount or a number in Helvetica, in points: digits are of one width. Of words, about.
fn width(text: &str, size: f32) -> f32 {
    let units = |c: char| match c {
        '.' | ',' | ' ' => 278.0,
        'A'..='z' => 610.0,
        _ => 556.0,
    };
    text.chars().map(units).sum::<f32>() * size / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_other_scripts_are_told_from_those_that_can_be_written() {
        assert!(can_write("Łukasz Dąbrowska"));
        assert!(!can_write("ليلى عبد الرحمن"));
        assert_eq!(encode("−€1.00"), b"\x96\x801.00");
    }

    #[test]
    fn a_long_table_goes_over_several_pages() {
        let columns = [Column { head: "Amount", at: 500.0, right: true }];
        let rows = (0..100).map(|row| vec![format!("{row}.00")]).collect();
        let statement =
            Statement { title: "Test", facts: Vec::new(), columns: &columns, rows, total: None, note: "" };
        let pdf = statement.write();
        assert!(pdf.windows(11).any(|it| it == b"Page 3 of 3"));
    }
}
