/**
 * Checks of what comes from outside: each function takes an unknown value and returns it typed, or
 * throws BadShape, which names the field. Unknown fields are ignored, so that a newer broker may
 * add some.
 */

export class BadShape extends Error {
  constructor(where: string, wanted: string) {
    super(`${where || "value"}: not ${wanted}`);
    this.name = "BadShape";
  }
}

export type Shape<T> = (value: unknown, where?: string) => T;
export type Of<S> = S extends Shape<infer T> ? T : never;

export const text: Shape<string> = (value, where = "") => {
  if (typeof value !== "string") throw new BadShape(where, "text");
  return value;
};

export const number: Shape<number> = (value, where = "") => {
  if (typeof value !== "number" || !Number.isFinite(value)) throw new BadShape(where, "a number");
  return value;
};

/** A whole number that a double holds exactly; from -1, which stands for "a snapshot" in places. */
export const whole: Shape<number> = (value, where = "") => {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < -1)
    throw new BadShape(where, "a whole number");
  return value;
};

export const flag: Shape<boolean> = (value, where = "") => {
  if (typeof value !== "boolean") throw new BadShape(where, "true or false");
  return value;
};

export function oneOf<const T extends string>(...choices: readonly T[]): Shape<T> {
  return (value, where = "") => {
    const found = choices.find((choice) => choice === value);
    if (found === undefined) throw new BadShape(where, `one of ${choices.join(", ")}`);
    return found;
  };
}

export function maybe<T>(shape: Shape<T>): Shape<T | null> {
  return (value, where = "") => (value === null ? null : shape(value, where));
}

/** A field that may be left out. */
export function optional<T>(shape: Shape<T>): Shape<T | null> {
  return (value, where = "") => (value === undefined ? null : shape(value, where));
}

export function list<T>(shape: Shape<T>): Shape<T[]> {
  return (value, where = "") => {
    if (!Array.isArray(value)) throw new BadShape(where, "a list");
    return value.map((one, index) => shape(one, `${where}[${index}]`));
  };
}

export function map<T>(shape: Shape<T>): Shape<ReadonlyMap<string, T>> {
  return (value, where = "") =>
    new Map(Object.entries(dictionary(value, where)).map(([key, one]) => [key, shape(one, key)]));
}

export function object<S extends Record<string, Shape<unknown>>>(
  fields: S,
): Shape<{ [K in keyof S]: Of<S[K]> }> {
  return (value, where = "") => {
    const given = dictionary(value, where);
    const checked = Object.entries(fields).map(([key, shape]) => [
      key,
      shape(given[key], where ? `${where}.${key}` : key),
    ]);
    // Each field went through its own shape just above; the compiler can't see through entries().
    return Object.fromEntries(checked) as { [K in keyof S]: Of<S[K]> };
  };
}

export const dictionary: Shape<Record<string, unknown>> = (value, where = "") => {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new BadShape(where, "an object");
  return value as Record<string, unknown>;
};

/** Parse JSON. Throws BadShape, never SyntaxError (whose text may quote what it read). */
export function parse(source: string, where = ""): unknown {
  try {
    return JSON.parse(source);
  } catch {
    throw new BadShape(where, "JSON");
  }
}
