export { ArticleInput, Block, type ArticleDraft, type ContentBlock } from "./model";
export { renderBlocks } from "./render";
