// The second factor: six digits, or one of ten codes.
import { formatCode } from "../code";
import * as data from "./data";
import { type Commands, fail, type World } from "./world";

const DIGITS = "123456";
const RATE_LIMITED = "999999";
const RECOVERY = [
  "WDJB-MJHT",
  "KLMN-PQRS",
  "TVWX-ZBCD",
  "FGHJ-KLMN",
  "PQRS-TVWX",
  "ZXWV-TSRQ",
  "PNML-KJHG",
  "FDCB-ZXWV",
  "TSRQ-PNML",
  "KJHG-FDCB",
];

export function factor(world: World): Commands {
  const checkFactor = (code: string) => {
    if (code === RATE_LIMITED) fail("too_many", "Too many wrong codes.", { retry_after_ms: 300_000 });
    if (code !== DIGITS && !RECOVERY.includes(formatCode(code)))
      fail("wrong_second_factor", "That code is not right. Check the clock of your phone.");
  };

  return {
    get_second_factor: () => world.factor,
    enrol_second_factor: ({ password }: { password: string }) => {
      if (password === "wrong") fail("invalid", "That is not your password.", { field: "password" });
      if (password === "many") fail("too_many", "Too many wrong passwords.", { retry_after_ms: 300_000 });
      if (world.factor.set_up && world.factor.fresh_for_ms === 0)
        fail("second_factor_needed", "Show your second factor first.");
      return data.enrolment;
    },
    confirm_second_factor: ({ code }: { code: string }) => {
      checkFactor(code);
      Object.assign(world.factor, { set_up: true, fresh_for_ms: 3_600_000 });
      return { codes: RECOVERY };
    },
    verify_second_factor: ({ code }: { code: string }) => {
      checkFactor(code);
      world.factor.fresh_for_ms = 3_600_000;
      return world.factor;
    },
  };
}
