export { Avatar, type AvatarProps } from "./avatar";
export { Card, type CardProps } from "./card";
export { PageShell, type PageShellProps } from "./page-shell";
export { StatList, type Stat } from "./stat-list";
