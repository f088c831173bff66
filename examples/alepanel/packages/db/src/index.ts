export { type Article, listArticles, publishArticle } from "./content";
export { type StoredDocument, listDocuments, loadDocument, saveDocument } from "./collab";
export { type FlowRun, listFlowRuns, recordFlowRun } from "./automation";
export { type ContactMessage, saveContactMessage } from "./crm";
export { type Session, findSession } from "./identity";
export { closePool, query } from "./pool";
export { type SchemaCount, countTables, isReachable } from "./readiness";
