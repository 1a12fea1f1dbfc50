"""The part of GitHub's public GraphQL schema that is about threads, in its own language."""

from __future__ import annotations

SCHEMA = """
type Query { repository(owner: String!, name: String!, followRenames: Boolean = true): Repository }
type Mutation {
  resolveReviewThread(input: ResolveReviewThreadInput!): ResolveReviewThreadPayload
  unresolveReviewThread(input: UnresolveReviewThreadInput!): UnresolveReviewThreadPayload
}
input ResolveReviewThreadInput { clientMutationId: String threadId: ID! }
input UnresolveReviewThreadInput { clientMutationId: String threadId: ID! }
type ResolveReviewThreadPayload { clientMutationId: String thread: PullRequestReviewThread }
type UnresolveReviewThreadPayload { clientMutationId: String thread: PullRequestReviewThread }
type Repository {
  id: ID!
  databaseId: Int
  nameWithOwner: String!
  pullRequest(number: Int!): PullRequest
}
type PullRequest {
  id: ID!
  number: Int!
  reviewThreads(
    after: String before: String first: Int last: Int
  ): PullRequestReviewThreadConnection!
}
type PageInfo {
  endCursor: String
  hasNextPage: Boolean!
  hasPreviousPage: Boolean!
  startCursor: String
}
type PullRequestReviewThreadConnection {
  nodes: [PullRequestReviewThread]
  pageInfo: PageInfo!
  totalCount: Int!
}
type PullRequestReviewThread {
  id: ID!
  isCollapsed: Boolean!
  isOutdated: Boolean!
  isResolved: Boolean!
  path: String!
  resolvedBy: User
  viewerCanResolve: Boolean!
  viewerCanUnresolve: Boolean!
  comments(after: String before: String first: Int last: Int): PullRequestReviewCommentConnection!
}
type PullRequestReviewCommentConnection {
  nodes: [PullRequestReviewComment]
  pageInfo: PageInfo!
  totalCount: Int!
}
type PullRequestReviewComment {
  id: ID!
  databaseId: Int
  fullDatabaseId: BigInt
  author: Actor
  body: String!
  reactions(
    after: String before: String content: ReactionContent first: Int last: Int
  ): ReactionConnection!
}
scalar BigInt
enum ReactionContent { CONFUSED EYES HEART HOORAY LAUGH ROCKET THUMBS_DOWN THUMBS_UP }
type ReactionConnection { nodes: [Reaction] pageInfo: PageInfo! totalCount: Int! }
type Reaction { id: ID! databaseId: Int content: ReactionContent! user: User }
interface Actor { login: String! resourcePath: URI! }
scalar URI
type User implements Actor { id: ID! databaseId: Int login: String! resourcePath: URI! }
type Bot implements Actor { id: ID! databaseId: Int login: String! resourcePath: URI! }
"""
