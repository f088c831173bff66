import { PageShell } from "@alepanel/ui";
import type { Metadata } from "next";
import type { ReactElement, ReactNode } from "react";
import "./globals.css";

export const metadata: Metadata = { title: "Alecia", description: "The website of the Alecia Suite" };

export default function Layout({ children }: { children: ReactNode }): ReactElement {
  return (
    <html lang="en">
      <body>
        <PageShell product="Website">{children}</PageShell>
      </body>
    </html>
  );
}
