// What `lib/generated` does not have yet; each goes as soon as the contract's own is there.

/** How the caller's second factor stands. */
export interface SecondFactor {
  set_up: boolean;
  /** How long what was shown last still counts; 0 where it has to be shown anew. */
  fresh_for_ms: number;
}

/** What an authenticator app needs. */
export interface Enrolment {
  /** Base32, to be typed. */
  secret: string;
  /** `otpauth://…`, to be drawn as a QR code. */
  url: string;
}

/** Shown once; each is good once. */
export interface RecoveryCodes {
  codes: string[];
}

export interface QuietHours {
  /** "22:00" */
  from: string;
  /** "07:00" */
  to: string;
}

export interface Settings {
  /** `null`: as the system. */
  language: "en" | "fr" | null;
  theme: "light" | "dark" | null;
  autostart: boolean;
  keep_running: boolean;
  show_codes: boolean;
  quiet_hours: QuietHours | null;
  /** Names of the settings that the computer's administrator has fixed. */
  managed: string[];
}
