/** Style sheets are bundled as text (web/build.mjs). */
declare module '*.css' {
  const text: string;
  export default text;
}
