export { type Claims, type Scope, signToken, verifyToken } from "./token";
export { sessionOf } from "./session";
