import type { ReactElement, ReactNode } from "react";

export interface CardProps {
  title: string;
  children: ReactNode;
}

/** A titled box. */
export function Card({ title, children }: CardProps): ReactElement {
  return (
    <section className="ui-card">
      <h2>{title}</h2>
      {children}
    </section>
  );
}
