/** What others report for the public sets, with the protocol that they report it for. */
export interface PublishedFigure {
  model: string;
  source: string;
  figures: { [metric in "HR@10" | "HR@20" | "NDCG@10" | "MRR@20"]?: number };
  /** Same files and same questions, or what differs. */
  protocol: "same" | string;
}

/** How a set is recognised: by the name of its folder, which says nothing about how models are fitted. */
export const PUBLISHED: { readonly [folder: string]: readonly PublishedFigure[] } = {
  diginetica: [
    { model: "SR-GNN", source: "GCE-GNN, SIGIR 2020, table 2", figures: { "HR@20": 0.5073, "MRR@20": 0.1759 }, protocol: "same" },
    { model: "GCE-GNN", source: "GCE-GNN, SIGIR 2020, table 2", figures: { "HR@20": 0.5422, "MRR@20": 0.1904 }, protocol: "same" },
  ],
  ml1m: [
    { model: "SASRec", source: "gSASRec's repository", figures: { "HR@10": 0.239, "NDCG@10": 0.126 }, protocol: "same split, all 6,040 users" },
    { model: "BERT4Rec", source: "gSASRec's repository", figures: { "HR@10": 0.282, "NDCG@10": 0.152 }, protocol: "same split, all 6,040 users" },
    { model: "gSASRec", source: "gSASRec's repository", figures: { "HR@10": 0.3, "NDCG@10": 0.173 }, protocol: "same split, all 6,040 users" },
  ],
};
