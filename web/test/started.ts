/** The first line of a run's session log, as far as pages read it. */
export const STARTED = {
  t: 0,
  event: "started",
  wall: 1000.5,
  recorder: { user: "carol" },
  shell: { user: "carol" },
  protected: false,
  grant: { mode: "control", until: 7200, away: "pause", page: "watch", terminals: 1 },
};
