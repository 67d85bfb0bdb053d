/** Which commands to show. */

import type { Filter } from "../command-rows";

interface Props {
  readonly filter: Filter;
  readonly persons: readonly string[];
  readonly onFilter: (filter: Filter) => void;
}

export function FilterBar({ filter, persons, onFilter }: Props) {
  return (
    <div class="command-filters" role="search" aria-label="Filter the commands">
      <input
        type="search"
        aria-label="Text in the command or its directory"
        placeholder="Filter"
        data-filter="text"
        value={filter.text}
        onInput={({ currentTarget }) => onFilter({ ...filter, text: currentTarget.value })}
      />
      <select
        aria-label="Whose"
        data-filter="person"
        value={filter.person}
        onChange={({ currentTarget }) => onFilter({ ...filter, person: currentTarget.value })}
      >
        <option value="">Anybody's</option>
        {persons.map((one) => (
          <option key={one} value={one}>
            {one}
          </option>
        ))}
      </select>
      <select
        aria-label="Customer here or away"
        data-filter="presence"
        value={filter.presence}
        onChange={({ currentTarget: { value } }) =>
          onFilter({ ...filter, presence: value === "away" || value === "present" ? value : "any" })
        }
      >
        <option value="any">Here or away</option>
        <option value="present">Customer here</option>
        <option value="away">Customer away</option>
      </select>
      <label class="check">
        <input
          type="checkbox"
          data-filter="failed"
          checked={filter.isFailed}
          onChange={({ currentTarget }) => onFilter({ ...filter, isFailed: currentTarget.checked })}
        />
        Failed
      </label>
    </div>
  );
}
