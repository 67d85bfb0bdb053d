/**
 * The page that a sign-in link opens. It is public and everything else is not, so it shares no
 * module with the rest: a stranger can load this and nothing more.
 */

const HOW = "Sign-in links come from whoever runs the broker, work once and for a short time.";

async function signIn(token: string): Promise<void> {
  say("Signing in …", null);
  let response: Response;
  try {
    response = await fetch("/api/sign-in", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ token }),
    });
  } catch {
    say("The broker can't be reached.", "Your link is not used up: open it again in a moment.");
    return;
  }
  if (response.ok) window.location.replace("/");
  else if (response.status < 500)
    say("This sign-in link is used up, has expired, or is not whole.", `Ask for a new one. ${HOW}`);
  else say("The broker could not sign you in.", "Try your link again in a moment.");
}

function say(text: string, hint: string | null): void {
  const put = (id: string, content: string | null) => {
    const element = document.getElementById(id);
    if (!element) return;
    element.textContent = content;
    element.hidden = content === null;
  };
  put("say", text);
  put("hint", hint);
}

function begin(): void {
  const token = window.location.hash.slice(1);
  // Out of the address bar and the history before anything else happens.
  window.history.replaceState(null, "", window.location.pathname);
  if (token === "") say("Open a sign-in link to sign in.", HOW);
  else void signIn(token);
}

// A second link pasted into this same tab changes the fragment only.
window.addEventListener("hashchange", begin);
begin();
