-- the first of two values that there is, as text
create or replace temp macro first_text(one, other) as
    coalesce(cast(one as varchar), cast(other as varchar))
