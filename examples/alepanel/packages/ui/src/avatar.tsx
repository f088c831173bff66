import * as AvatarPrimitive from "@radix-ui/react-avatar";
import type { ReactElement } from "react";

export interface AvatarProps {
  name: string;
  src?: string;
}

function initials(name: string): string {
  const words = name.trim().split(/\s+/);
  return words
    .slice(0, 2)
    .map((word) => word.charAt(0).toUpperCase())
    .join("");
}

/** A person's picture, or their initials until it has loaded. */
export function Avatar({ name, src }: AvatarProps): ReactElement {
  return (
    <AvatarPrimitive.Root className="ui-avatar" title={name}>
      <AvatarPrimitive.Image alt={name} src={src} />
      <AvatarPrimitive.Fallback>{initials(name)}</AvatarPrimitive.Fallback>
    </AvatarPrimitive.Root>
  );
}
