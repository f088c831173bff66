import type { ReactElement, ReactNode } from "react";

export interface PageShellProps {
  product: string;
  children: ReactNode;
}

/** Header, main column and footer of every page of the suite. */
export function PageShell({ product, children }: PageShellProps): ReactElement {
  return (
    <div className="ui-shell">
      <header>
        <strong>Alecia</strong> {product}
      </header>
      <main>{children}</main>
      <footer>Alecia Suite</footer>
    </div>
  );
}
