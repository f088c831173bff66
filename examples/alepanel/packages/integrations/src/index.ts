export { Delivery, type DeliveryInput, deliver } from "./webhook";
export { signBody } from "./signature";
