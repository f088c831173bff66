"use client";

import * as Avatar from "@radix-ui/react-avatar";
import type { ReactElement } from "react";

/** The signed-in person, with a ring while they are present in a document. */
export function UserAvatar({ name, present = false }: { name: string; present?: boolean }): ReactElement {
  return (
    <Avatar.Root className="ui-avatar" data-present={present}>
      <Avatar.Fallback>{name.slice(0, 2).toUpperCase()}</Avatar.Fallback>
    </Avatar.Root>
  );
}
