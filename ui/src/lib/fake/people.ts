// The directory of the platform.
import type { PeopleQuery } from "../generated/PeopleQuery";
import * as data from "./data";
import { type Commands, fail, type World } from "./world";

export function people({ scene }: World): Commands {
  return {
    list_people: ({ query }: { query: PeopleQuery }) => {
      if (scene === "many") return data.manyPeople(query);
      const wanted = (query.search ?? "").toLowerCase();
      const found = data.people.filter(
        ({ id, kind, name, email }) =>
          (query.kind === null || kind === query.kind) &&
          `${name} ${email} ${id}`.toLowerCase().includes(wanted),
      );
      const offset = query.offset;
      return { people: found.slice(offset, offset + (query.limit ?? 50)), total: found.length, offset };
    },
    find_person: ({ identifier }: { identifier: string }) =>
      data.people.find(({ id, email }) => [id, email].includes(identifier)) ??
      fail(
        "person_not_found",
        "Nobody has this ID or e-mail address. Check it, or find the person in People.",
      ),
  };
}
