import { HelpSearch } from './help-search';

export default function Page() {
  return <HelpSearch />;
}
