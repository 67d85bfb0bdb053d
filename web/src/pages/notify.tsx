/** Desktop notifications: asked for by a button, and kept as a choice of this browser. */

import { useState } from "preact/hooks";
import type { News } from "../news";
import { words } from "../news";

const KEY = "jumpseat.notify";

function isChosen(): boolean {
  try {
    return localStorage.getItem(KEY) === "yes";
  } catch {
    return false;
  }
}

function choose(isOn: boolean): void {
  try {
    localStorage.setItem(KEY, isOn ? "yes" : "no");
  } catch {
    // A browser that keeps nothing is asked again.
  }
}

const canNotify = () => "Notification" in window;
const mayNotify = () => canNotify() && Notification.permission === "granted";

/** Tell it outside of the page, if this person wants that. The same news of two pages is one. */
export function notify(news: News): void {
  if (!mayNotify() || !isChosen()) return;
  const tag = `${news.session} ${news.kind} ${news.at}`;
  const told = new Notification(news.host, { body: words(news), tag });
  told.onclick = () => {
    window.focus();
    told.close();
  };
}

export function NotifyButton() {
  const [isOn, setOn] = useState(() => mayNotify() && isChosen());
  const [isDenied, setDenied] = useState(() => canNotify() && Notification.permission === "denied");
  if (!canNotify()) return null;
  const press = async () => {
    const permission = isOn ? "default" : await Notification.requestPermission();
    setDenied(permission === "denied");
    setOn(permission === "granted");
    choose(permission === "granted");
  };
  return (
    <button
      type="button"
      class="plain"
      data-action="notify"
      aria-pressed={isOn}
      disabled={isDenied}
      title={
        isDenied
          ? "Your browser lets this page send no notifications; its settings can change that."
          : "Have your desktop tell of customers who leave or return, while this page is hidden."
      }
      onClick={() => void press()}
    >
      Notify me
    </button>
  );
}
