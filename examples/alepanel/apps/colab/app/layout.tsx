import { PageShell } from "@alepanel/ui";
import type { Metadata } from "next";
import type { ReactElement, ReactNode } from "react";
import "./globals.css";

export const metadata: Metadata = { title: "Alecia Colab", description: "Documents that are written together" };

export default function Layout({ children }: { children: ReactNode }): ReactElement {
  return (
    <html lang="en">
      <body>
        <PageShell product="Colab">{children}</PageShell>
      </body>
    </html>
  );
}
