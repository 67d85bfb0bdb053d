/** Times and lengths of time as people read them. Pure; times are Unix seconds, zones are local. */

const TIME = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const TIME_SECONDS = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });
const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });

/** `12:04`, or `21 Nov 12:04` on another day than `now`. */
export function clock(unix: number, now: number): string {
  const time = TIME.format(unix * 1000);
  return sameDay(unix, now) ? time : `${DAY.format(unix * 1000)} ${time}`;
}

/** `12:04:31`, for entries that stand among others of their day; or `21 Nov 12:04:31`, as above. */
export function clockSeconds(unix: number, now = unix): string {
  const time = TIME_SECONDS.format(unix * 1000);
  return sameDay(unix, now) ? time : `${DAY.format(unix * 1000)} ${time}`;
}

/** The same instant for somebody in another zone: `2026-11-22 12:04:31 UTC`. */
export function utc(unix: number): string {
  return new Date(unix * 1000)
    .toISOString()
    .replace("T", " ")
    .replace(/\.\d+Z$/, " UTC");
}

/** A length of time as people say it: `40 s`, `12 min`, `1 h 10 min`. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 120) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  return minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** How long a command took: `0.4 s`, and from ten seconds on as any length of time. */
export function took(seconds: number): string {
  return seconds < 10 ? `${Math.max(0, seconds).toFixed(1)} s` : duration(seconds);
}

/** A place in a recording: `4:31`, `1:04:31`. */
export function place(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const tail = String(s).padStart(2, "0");
  return h > 0 ? `${h}:${String(m).padStart(2, "0")}:${tail}` : `${m}:${tail}`;
}

function sameDay(a: number, b: number): boolean {
  return new Date(a * 1000).toDateString() === new Date(b * 1000).toDateString();
}
