/** Which away reports of a session were closed in this browser: the highest number, -1 for none. */

const key = (session: string) => `jumpseat.closed-reports.${session}`;

export function readClosed(session: string): number {
  try {
    const kept = localStorage.getItem(key(session));
    return kept === null ? -1 : Number.parseInt(kept, 10);
  } catch {
    return -1; // a browser that keeps nothing shows a report again
  }
}

export function keepClosed(session: string, n: number): void {
  try {
    localStorage.setItem(key(session), String(n));
  } catch {
    // as above
  }
}
