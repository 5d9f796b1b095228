import { describe, expect, test } from "vitest";
import en from "../messages/en.json";
import fr from "../messages/fr.json";
import * as m from "../src/lib/paraglide/messages";

type Message = string | { match: Record<string, string> }[];
const texts = (message: Message): string[] =>
  typeof message === "string" ? [message] : message.flatMap(({ match }) => Object.values(match));
const holes = (message: Message) =>
  [
    ...new Set(
      texts(message)
        .join()
        .match(/\{\w+\}/g) ?? [],
    ),
  ].sort();
const english = en as unknown as Record<string, Message>;
const french = fr as unknown as Record<string, Message>;

describe("messages", () => {
  test("are the same in both languages", () => {
    expect(Object.keys(french)).toEqual(Object.keys(english));
  });

  test("have words and take the same values in both", () => {
    const wrong = Object.keys(english).filter((key) => {
      const [one, other] = [english[key] ?? "", french[key] ?? ""];
      const empty = [...texts(one), ...texts(other)].some((text) => text.trim() === "");
      return empty || holes(one).join() !== holes(other).join();
    });
    expect(wrong).toEqual([]);
  });

  test("keep French marks on the line of their word", () => {
    const loose = Object.keys(french).filter((key) =>
      texts(french[key] ?? "").some((text) => /(?:« | [?!:;»])/.test(text)),
    );
    expect(loose).toEqual([]);
  });

  test("write large numbers as their language does", () => {
    expect(m.people_found({ count: 100_000 }, { locale: "en" })).toBe("100,000 people found");
    expect(m.people_found({ count: 100_000 }, { locale: "fr" })).toBe("100\u202f000 personnes trouvées");
  });

  test("speak the specification's words", () => {
    const words = [
      en.request_code,
      en.verify_code,
      en.use_code,
      en.exit,
      en.kind_investors,
      en.kind_companies,
      en.impersonation,
    ];
    expect(words).toEqual([
      "Request code",
      "Verify code",
      "Use code",
      "Exit impersonation",
      "Investors",
      "Companies",
      "Impersonation",
    ]);
  });
});
