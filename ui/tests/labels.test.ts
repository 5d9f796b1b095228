import { afterEach, expect, test } from "vitest";
import { error } from "../src/lib/fake/data";
import { errorText, statusLabel } from "../src/lib/labels";

test.each([
  ["active", "Active"],
  ["SUSPENDED", "Suspended"],
  ["under review", "Under review"],
  ["écarté", "Écarté"],
  ["", ""],
])("the status %j reads %j", (status, label) => {
  expect(statusLabel(status)).toBe(label);
});

afterEach(() => localStorage.clear());

test("a value that the server refuses is said in the language", () => {
  const refused = (field: string, message: string) => errorText({ ...error("invalid", message), field });
  expect(refused("ticket", "At most 100 characters.")).toBe("At most 100 characters.");
  localStorage.setItem("PARAGLIDE_LOCALE", "fr");
  expect(refused("ticket", "At most 100 characters.")).toMatch(/^Le serveur n’accepte pas/);
  expect(refused("identifier", "Several people.")).toMatch(/^Plusieurs personnes/);
  // The app itself speaks the language.
  expect(refused("url", "Saisissez l’adresse.")).toBe("Saisissez l’adresse.");
});
