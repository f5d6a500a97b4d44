/** The types of lru-cache name this one of Node's, which pages do not have. */
declare namespace NodeJS {
  type Timeout = ReturnType<typeof setTimeout>;
}
