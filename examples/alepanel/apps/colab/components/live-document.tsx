"use client";

import { HocuspocusProvider } from "@hocuspocus/provider";
import { type ReactElement, useEffect, useState } from "react";
import * as Y from "yjs";
import { replaceText } from "../lib/text";

// Written into the browser's code at build time; it differs per environment.
const COLLAB_URL = process.env.NEXT_PUBLIC_COLLAB_URL ?? "ws://localhost:1234";

/** A text that everyone who has it open edits at once. */
export function LiveDocument({ name, token }: { name: string; token: string }): ReactElement {
  const [shared, setShared] = useState<Y.Text>();
  const [text, setText] = useState("");

  useEffect(() => {
    const document = new Y.Doc();
    const provider = new HocuspocusProvider({ url: COLLAB_URL, name, document, token });
    const body = document.getText("body");
    body.observe(() => setText(body.toString()));
    setShared(body);
    return () => {
      provider.destroy();
      document.destroy();
    };
  }, [name, token]);

  const edit = (value: string) => shared && replaceText(shared, value);
  return <textarea aria-label={name} value={text} onChange={(event) => edit(event.target.value)} />;
}
