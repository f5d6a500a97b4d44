import { defineConfig } from 'vitepress';

export default defineConfig({
  base: '/docs/',
  title: 'Help center',
  head: [
    ['link', { rel: 'icon', href: 'data:,' }],
    ['script', { type: 'module', src: '/docs/docsift/element.js' }],
  ],
});
