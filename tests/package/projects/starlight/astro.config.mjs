import starlight from '@astrojs/starlight';
import { defineConfig } from 'astro/config';

export default defineConfig({
  base: '/docs/',
  integrations: [
    starlight({
      title: 'Help center',
      pagefind: false,
      head: [{ tag: 'script', attrs: { type: 'module', src: '/docs/docsift/element.js' } }],
      components: { Search: './src/components/Search.astro' },
    }),
  ],
});
