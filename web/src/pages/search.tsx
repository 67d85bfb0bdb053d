/** `/search`: what was run and printed, in every session; the address holds the question. */

import { useEffect, useRef, useState } from "preact/hooks";
import type { ApiError } from "../api";
import { search } from "../api";
import type { Asked, Found } from "../search";
import { askedQuery, behindWords, readAsked } from "../search";
import { Problem, TopBar, asApiError, useNow } from "./frame";
import { SearchForm } from "./search-form";
import { Hits } from "./search-hits";

export function SearchPage() {
  const now = useNow();
  const { asked, askFor } = useAsked();
  const { found, error, isBusy, isGrowing, more } = useSearch(asked);
  const next = found?.next ?? null;
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    document.title = `${asked.q === undefined ? "Search" : `${asked.q}: search`} · Jumpseat`;
    if (asked.q === undefined) field.current?.focus();
  }, [asked]);
  return (
    <>
      <TopBar />
      <main class="search-page">
        <h1>Search</h1>
        <SearchForm asked={asked} field={field} onAsk={askFor} />
        {error !== null && <Problem error={error} />}
        {found !== null && found.behind > 0 && (
          <p class="behind" role="status" data-behind={found.behind}>
            {behindWords(found.behind)}.
            {isGrowing ? " What they have is added here." : " Search again in a moment."}
          </p>
        )}
        <p class="unseen" role="status">
          {found !== null && `${found.hits.length}${next === null ? "" : " or more"} found`}
        </p>
        {found === null && error === null && (isBusy ? <p class="quiet">Searching …</p> : <Help />)}
        {found?.hits.length === 0 && <Nothing asked={asked} />}
        {found !== null && <Hits hits={found.hits} now={now} />}
        {next !== null && (
          <button type="button" data-action="more" disabled={isBusy} onClick={() => more(next)}>
            {isBusy ? "Searching …" : "Show more"}
          </button>
        )}
      </main>
    </>
  );
}

function Help() {
  return (
    <div class="search-help quiet">
      <p>Finds commands as they were entered, and what terminals showed, in all sessions.</p>
      <ul>
        <li>Several words: all of them occur, in any order.</li>
        <li>
          <code>"in quotes"</code>: exactly these words in a row; <code>restart*</code>: a word that
          begins so.
        </li>
        <li>In commands any part of a word is found.</li>
      </ul>
    </div>
  );
}

function Nothing({ asked }: { asked: Asked }) {
  const { q, ...filters } = asked;
  const isFiltered = Object.keys(filters).length > 0;
  return (
    <div class="empty" data-empty>
      <p>Nothing was found{q === undefined ? "" : ` for ${q}`}.</p>
      <p>
        {isFiltered
          ? "Leave some of the filters out, or try fewer words."
          : "Try fewer words, or the beginning of one, as in zpool*."}
      </p>
    </div>
  );
}

/** What the page's address asks for. */
function useAsked() {
  const [asked, setAsked] = useState(() => readAsked(window.location.search));
  useEffect(() => {
    const look = () => setAsked(readAsked(window.location.search));
    window.addEventListener("popstate", look);
    return () => window.removeEventListener("popstate", look);
  }, []);
  const askFor = (wanted: Asked) => {
    const query = askedQuery(wanted);
    if (query !== askedQuery(asked)) window.history.pushState(null, "", `/search${query}`);
    setAsked(readAsked(query)); // the same again is searched again
  };
  return { asked, askFor };
}

/** How often to look again while recordings are not searched yet. */
const AGAIN_MS = 3_000;

function useSearch(asked: Asked) {
  const [found, setFound] = useState<Found | null>(null);
  const [isLong, setLong] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);
  const [isBusy, setBusy] = useState(false);
  const latest = useRef(asked);
  latest.current = asked;

  const load = async (before: string | null) => {
    setBusy(true);
    try {
      const page = await search(askedQuery(asked), before);
      if (latest.current !== asked) return;
      setError(null);
      setLong(before !== null);
      setFound((was) =>
        before === null || was === null ? page : { ...page, hits: [...was.hits, ...page.hits] },
      );
    } catch (problem) {
      if (latest.current === asked) setError(asApiError(problem));
    } finally {
      if (latest.current === asked) setBusy(false);
    }
  };
  useEffect(() => {
    setFound(null);
    setError(null);
    setBusy(false);
    if (asked.q !== undefined) void load(null);
  }, [asked]);
  // Nothing moves under somebody who has read on to further pages.
  const isGrowing = found !== null && found.behind > 0 && !isLong;
  useEffect(() => {
    if (!isGrowing) return undefined;
    const timer = window.setTimeout(() => void load(null), AGAIN_MS);
    return () => window.clearTimeout(timer);
  }, [found, isGrowing]);
  return { found, error, isBusy, isGrowing, more: (before: string) => void load(before) };
}
