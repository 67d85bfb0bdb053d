import { expect, it } from "vitest";
import { ApiError } from "../src/api";
import { explain, isPassing } from "../src/customer/sign-in";

it.each([
  [0, "can't be reached", true],
  [403, "opens no session", false],
  [404, "opens no session", false],
  [429, "Too many tries", true],
  [500, "could not open", true],
])("a sign-in that is answered %d", (status, says, passing) => {
  const error = new ApiError(status, "code", "a sentence");
  expect(explain(error).title).toContain(says);
  expect(isPassing(error)).toBe(passing);
});
