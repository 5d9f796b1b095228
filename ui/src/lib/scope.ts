// The changes that take a consent of their own, in words.
import * as m from "$messages";
import type { Scope } from "./generated/Scope";

const SCOPES: Record<Scope, () => string> = {
  password: m.scope_password,
  bank_details: m.scope_bank_details,
  sign_in: m.scope_sign_in,
};
export const scopeLabel = (scope: Scope) => SCOPES[scope]();
