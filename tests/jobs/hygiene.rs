//! Nothing of the expansion depends on what names mean around it.

mod names {
    #![no_implicit_prelude]

    use ::std::primitive::u8;

    pub mod std {}
    pub mod core {}
    pub struct Task;
    pub struct FnOnce;
    pub struct Send;

    fn carry() -> u8 {
        1
    }

    fn spawn() -> u8 {
        2
    }

    fn work() -> u8 {
        3
    }

    #[::micropool::job]
    fn Ok(parameter0: u8) -> u8 {
        parameter0
    }

    #[::micropool::job(background)]
    pub fn named(work0: u8, work: u8, (parameter0, _): (u8, u8), parameter2: u8) -> u8 {
        Ok(work0) + work + parameter0 + parameter2 + carry() + spawn() + self::work()
    }

    #[::micropool::job(background, name = "type")]
    pub fn r#type(#[after] r#fn: u8, r#mod: u8) -> u8 {
        r#fn + r#mod
    }

    #[::micropool::job(background)]
    pub fn micropool() {}
}

mod renamed {
    extern crate micropool as pool;

    #[pool::job(background, crate = pool)]
    pub fn answer() -> u8 {
        #[pool::job(crate = pool)]
        fn inner() -> u8 {
            42
        }
        inner()
    }
}

#[test]
fn expansions_depend_on_no_name() {
    super::within(super::LIMIT, || {
        assert_eq!(names::named(1, 2, (3, 9), 4).join(), 16);
        assert_eq!(names::r#type(names::named(0, 0, (0, 0), 0), 1).join(), 7);
        names::micropool().join();
    });
}

#[test]
fn a_renamed_crate_is_found() {
    super::within(super::LIMIT, || assert_eq!(renamed::answer().join(), 42));
}
