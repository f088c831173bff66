import type { ReactElement } from "react";

export interface Stat {
  label: string;
  value: number;
}

/** Figures side by side, as a definition list. */
export function StatList({ stats }: { stats: Stat[] }): ReactElement {
  return (
    <dl className="ui-stats">
      {stats.map((stat) => (
        <div key={stat.label}>
          <dt>{stat.label}</dt>
          <dd>{stat.value}</dd>
        </div>
      ))}
    </dl>
  );
}
