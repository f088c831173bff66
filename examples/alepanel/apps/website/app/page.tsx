import { countTables, listArticles } from "@alepanel/db";
import { renderBlocks } from "@alepanel/headless";
import { Card, StatList } from "@alepanel/ui";
import type { ReactElement } from "react";
import { ContactForm } from "../components/contact-form";

export const dynamic = "force-dynamic";

export default async function Home(): Promise<ReactElement> {
  const [articles, schemas] = await Promise.all([listArticles(), countTables()]);
  return (
    <>
      <h1>One suite for the whole team</h1>
      <StatList stats={schemas.map(({ schema, tables }) => ({ label: schema, value: tables }))} />
      {articles.map((article) => (
        <Card key={article.id} title={article.title}>
          {/* The renderer escapes every text. */}
          <div dangerouslySetInnerHTML={{ __html: renderBlocks(article.body) }} />
        </Card>
      ))}
      {articles.length === 0 && <p>Nothing is published yet.</p>}
      <ContactForm />
    </>
  );
}
